/*
=c
AddressInfo(NAME ADDRESS [ADDRESS...], ...)
=s information
names for addresses
=d
Wherever an element's argument is an address, NAME stands for the one of that kind. An ADDRESS is an
IP address, an IP prefix (10.0.0.1/24: the address and its network), an IPv6 address or prefix, or
an Ethernet address. Names hold in the compound where they are defined and those within it.
Interfaces' own addresses have names without that: "eth0:ip", "eth0:eth".
=e
  AddressInfo(me 10.0.0.1/24 00:50:ba:85:84:a9); arp :: ARPQuerier(me);
=a PortInfo
*/
#include "router.hh"

namespace click {

class AddressInfo final : public Element {
  public:
    const char *class_name() const override { return "AddressInfo"; }
    int configure_phase() const override { return phase_first; }
    int configure(Args &args) override {
        int result = 0;
        for (const std::string &text : args.conf()) {
            const auto words = split_words(text);
            if (words.empty()) continue;
            if (words.size() < 2) {
                result = args.error("expected 'NAME ADDRESS', found '%s'", text.c_str());
                continue;
            }
            for (size_t i = 1; i < words.size(); i += 1)
                if (!add(words[0], words[i]))
                    result = args.error("\"%s\" is not an address", words[i].c_str());
        }
        return result;
    }

  private:
    bool add(const std::string &name, const std::string &text) {
        NameTable &names = router().names();
        EtherAddress ether;
        if (parse_address(text, ether)) {
            names.add(NameKind::ether, scope(), name, ether);
            return true;
        }
        IPAddress ip;
        if (parse_address(text, ip)) {
            names.add(NameKind::ip, scope(), name, ip);
            return true;
        }
        IPPrefix prefix;
        if (parse_prefix(text, prefix, false)) {
            names.add(NameKind::ip_prefix, scope(), name, prefix);
            // A host's address with its network, not a network alone.
            if ((prefix.address & ~prefix.mask).addr != 0 || prefix.mask.addr == 0xffffffff)
                names.add(NameKind::ip, scope(), name, prefix.address);
            return true;
        }
        IP6Address ip6;
        if (parse_address(text, ip6)) {
            names.add(NameKind::ip6, scope(), name, ip6);
            return true;
        }
        IP6Prefix prefix6;
        if (!parse_prefix(text, prefix6, false)) return false;
        names.add(NameKind::ip6_prefix, scope(), name, prefix6);
        names.add(NameKind::ip6, scope(), name, prefix6.address);
        return true;
    }
};

} // namespace click

EXPORT_ELEMENT(AddressInfo)
