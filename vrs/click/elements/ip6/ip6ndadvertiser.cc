/*
=c
IP6NDAdvertiser(IP6/MASK [IP6/MASK...] ETH, ...)
=s ip6
answers neighbour solicitations
=d
Expects neighbour solicitations with their Ethernet and IPv6 headers. Answers those for an address
in one of its prefixes by a neighbour advertisement with the Ethernet address of the longest such
prefix; drops all else. A solicitation from the unspecified address, which looks for duplicates, is
answered to all nodes.
=h table r
=e
c :: Classifier(12/86dd 54/87, ...); c[0] -> IP6NDAdvertiser(2001:db8::1 00:11:22:33:44:55) -> out;
=a IP6NDSolicitor, ARPResponder
*/
#include "elements/ip6/neighbour.hh"

namespace click {

class IP6NDAdvertiser final : public SimpleElement<IP6NDAdvertiser> {
  public:
    const char *class_name() const override { return "IP6NDAdvertiser"; }
    int configure(Args &args) override {
        entries_.clear();
        bool is_good = true;
        for (size_t i = 0; i < args.conf().size(); i += 1) {
            if (add(args.conf()[i])) continue;
            args.error("argument %zu should be 'IP6/MASK ETHADDR'", i + 1);
            is_good = false;
        }
        return is_good ? 0 : -1;
    }
    void add_handlers() override {
        add_read("table", [this] {
            std::string out;
            for (const Entry &it : entries_)
                out += it.prefix.address.text() + "/" + std::to_string(it.prefix.length) + " " +
                       it.ether.text() + "\n";
            return out;
        });
    }
    Packet *action(Packet *p) {
        const NeighbourMessage *query = neighbour_message(p, nd_solicitation);
        const IP6Address target = query ? IP6Address(query->target) : IP6Address();
        const Entry *found = query ? find(target) : nullptr;
        Packet *answer = nullptr;
        if (found) {
            const IP6Address asker(query->ip.source);
            const IP6Address all = all_nodes();
            answer = make_neighbour_message(
                nd_advertisement, found->ether,
                asker ? EtherAddress(query->ether.source) : multicast_ether(all), target,
                asker ? asker : all, target, asker ? nd_solicited | nd_override : nd_override);
        }
        p->kill();
        return answer;
    }

  private:
    struct Entry {
        IP6Prefix prefix;
        EtherAddress ether;
    };
    static IP6Address all_nodes() {
        IP6Address all;
        all.bytes[0] = 0xff;
        all.bytes[1] = 2;
        all.bytes[15] = 1;
        return all;
    }
    const Entry *find(const IP6Address &target) const {
        const Entry *best = nullptr;
        for (const Entry &it : entries_)
            if (target.matches_prefix(it.prefix.address, it.prefix.length) &&
                (!best || it.prefix.length > best->prefix.length))
                best = &it;
        return best;
    }
    bool add(const std::string &text) {
        SilentErrorHandler silent;
        ArgContext context{this, silent, ""};
        const std::vector<std::string> words = split_words(text);
        EtherAddress ether;
        if (words.size() < 2 || !parse_arg(words.back(), ether, context)) return false;
        for (size_t i = 0; i + 1 < words.size(); i += 1) {
            IP6Prefix prefix;
            if (!parse_arg(words[i], prefix, context)) return false;
            entries_.push_back({prefix, ether});
        }
        return true;
    }
    std::vector<Entry> entries_;
};

} // namespace click

EXPORT_ELEMENT(IP6NDAdvertiser)
