/*
=c
PortInfo(NAME PORT[/PROTOCOL], ...)
=s information
names for TCP and UDP ports
=d
Wherever an element's argument is a port, NAME stands for it. Names hold in the compound where they
are defined and those within it.
=k PROTOCOL
tcp, udp, or tcpudp; default both.
=e
  PortInfo(control 4000/udp);
=a AddressInfo
*/
#include "router.hh"

namespace click {

class PortInfo final : public Element {
  public:
    const char *class_name() const override { return "PortInfo"; }
    int configure_phase() const override { return phase_first; }
    int configure(Args &args) override {
        int result = 0;
        for (const std::string &text : args.conf()) {
            const auto words = split_words(text);
            if (!words.empty() && (words.size() != 2 || !add(words[0], words[1])))
                result = args.error("expected 'NAME PORT[/PROTOCOL]', found '%s'", text.c_str());
        }
        return result;
    }

  private:
    bool add(const std::string &name, std::string_view text) {
        const size_t slash = text.find('/');
        const std::string_view protocol =
            slash == std::string_view::npos ? "tcpudp" : text.substr(slash + 1);
        uint64_t port;
        bool is_negative, overflows;
        if (!parse_integer(text.substr(0, slash), port, is_negative, overflows) || is_negative ||
            overflows || port > 65535)
            return false;
        const bool is_both = protocol == "tcpudp";
        if (!is_both && protocol != "tcp" && protocol != "udp") return false;
        const auto value = static_cast<uint16_t>(port);
        if (is_both || protocol == "tcp")
            router().names().add(NameKind::tcp_port, scope(), name, value);
        if (is_both || protocol == "udp")
            router().names().add(NameKind::udp_port, scope(), name, value);
        return true;
    }
};

} // namespace click

EXPORT_ELEMENT(PortInfo)
