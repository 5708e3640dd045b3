/*
=c
ARPResponder(IP/MASK [IP/MASK...] ETH, ...)
=s arp
answers ARP queries
=d
Expects ARP queries with their Ethernet header. Answers those for an address in one of its prefixes
with the Ethernet address of the longest such prefix; drops all else. A prefix may be one address,
or
a name that stands for both addresses.
=h table r
=h lookup r+
=h add w
IP/MASK [IP/MASK…] ETH
=h remove w
IP/MASK
=e
c :: Classifier(12/0806 20/0001, …); c[0] -> ARPResponder(10.0.0.1 00:11:22:33:44:55) -> out;
=a ARPQuerier, ARPFaker
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class ARPResponder final : public SimpleElement<ARPResponder> {
  public:
    const char *class_name() const override { return "ARPResponder"; }
    int configure(Args &args) override {
        entries_.clear();
        bool is_good = true;
        for (size_t i = 0; i < args.conf().size(); i += 1) {
            PrefixErrorHandler errh(args.errh(), format("argument %zu: ", i + 1));
            is_good &= add(args.conf()[i], errh);
        }
        return is_good ? 0 : -1;
    }
    bool can_live_reconfigure() const override { return true; }
    void add_handlers() override {
        add_read("table", [this] {
            std::string out;
            for (const Entry &it : entries_) out += it.prefix.text() + " " + it.ether.text() + "\n";
            return out;
        });
        add_read("lookup", [this](const std::string &text, ErrorHandler &errh) {
            IPAddress ip;
            ArgContext context{this, errh, ""};
            if (!parse_arg(trim(text), ip, context))
                return errh.error("expected IP address"), std::string();
            const Entry *found = find(ip);
            return found ? found->ether.text() : std::string();
        });
        add_write("add", [this](const std::string &text, ErrorHandler &errh) {
            return add(text, errh) ? 0 : -1;
        });
        add_write("remove", [this](const std::string &text, ErrorHandler &errh) {
            IPPrefix prefix;
            ArgContext context{this, errh, ""};
            if (!PrefixArg{true}(trim(text), prefix, context))
                return errh.error("expected IP/MASK");
            const size_t removed = std::erase_if(entries_, [&](const Entry &it) {
                return it.prefix.address == prefix.address && it.prefix.mask == prefix.mask;
            });
            return removed ? 0 : errh.error("%s not found", prefix.text().c_str());
        });
    }
    Packet *action(Packet *p) {
        if (p->length() < sizeof(click_ether) + sizeof(click_arp)) return p->kill(), nullptr;
        auto *header = reinterpret_cast<click_ether *>(p->data());
        auto *arp = reinterpret_cast<click_arp *>(header + 1);
        const bool is_query = header->type == net16(ether_type_arp) && arp->hardware == net16(1) &&
                              arp->protocol == net16(ether_type_ip) && arp->hardware_bytes == 6 &&
                              arp->protocol_bytes == 4 && arp->operation == net16(1);
        const Entry *found = is_query ? find({arp->target_ip}) : nullptr;
        if (!found) return p->kill(), nullptr;
        // The query becomes the answer.
        const uint32_t asked = arp->target_ip;
        std::memcpy(header->destination, arp->sender_ether, 6);
        std::memcpy(header->source, found->ether.bytes, 6);
        arp->operation = net16(2);
        std::memcpy(arp->target_ether, arp->sender_ether, 6);
        arp->target_ip = arp->sender_ip;
        std::memcpy(arp->sender_ether, found->ether.bytes, 6);
        arp->sender_ip = asked;
        p->take(p->length() - sizeof(click_ether) - sizeof(click_arp));
        p->set_mac_header(p->data(), sizeof(click_ether));
        return p;
    }

  private:
    struct Entry {
        IPPrefix prefix;
        EtherAddress ether;
    };
    const Entry *find(IPAddress ip) const {
        const Entry *best = nullptr;
        for (const Entry &it : entries_)
            if (ip.matches_prefix(it.prefix.address, it.prefix.mask) &&
                (!best || it.prefix.mask.host() > best->prefix.mask.host()))
                best = &it;
        return best;
    }
    bool add(std::string_view text, ErrorHandler &errh) {
        std::vector<IPPrefix> prefixes;
        EtherAddress ether;
        bool has_ether = false;
        SilentErrorHandler silent;
        ArgContext context{this, silent, ""};
        const auto words = split_words(text);
        for (const std::string &word : words) {
            IPPrefix prefix;
            const bool is_prefix = PrefixArg{true}(word, prefix, context);
            EtherAddress it;
            const bool is_ether = parse_arg(word, it, context);
            if (is_ether && has_ether && !is_prefix)
                return errh.error("more than one Ethernet address"), false;
            if (is_ether && !has_ether) ether = it, has_ether = true;
            if (is_prefix) {
                prefix.address = prefix.address & prefix.mask;
                prefixes.push_back(prefix);
            }
            if (!is_prefix && !is_ether)
                return errh.error("expected IP/MASK, found '%s'", word.c_str()), false;
        }
        if (prefixes.empty()) return errh.error("no IP address"), false;
        if (!has_ether) return errh.error("no Ethernet address"), false;
        for (const IPPrefix &it : prefixes) entries_.push_back({it, ether});
        return true;
    }
    std::vector<Entry> entries_;
};

} // namespace click

EXPORT_ELEMENT(ARPResponder)
