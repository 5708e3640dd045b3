/*
=c
IP6NDSolicitor(IP6, ETH [, I<keywords> CAPACITY, TIMEOUT])
=s ip6
encapsulates IPv6 packets in Ethernet headers found by neighbour discovery
=d
Input 0: IPv6 packets with a destination address annotation, the next hop; they leave by output 0
with an Ethernet header. Until the next hop's Ethernet address is known they wait, and a neighbour
solicitation is sent, by output 1 when there is one, else by output 0. Input 1: neighbour
advertisements with their Ethernet header. Multicast needs no answer.
=k IP6, ETH
The router's own addresses.
=k CAPACITY
Packets that wait, at most. Default 2048.
=k TIMEOUT
How long an answer holds. Default 5 minutes; 0: for ever.
=h table r
=h stats r
=h queries r
=h responses r
=h drops r
=h insert w
=a IP6NDAdvertiser, ARPQuerier
*/
#include <deque>
#include <map>

#include "elements/ip6/neighbour.hh"

namespace click {

class IP6NDSolicitor final : public Element {
  public:
    const char *class_name() const override { return "IP6NDSolicitor"; }
    const char *port_count() const override { return "2/1-2"; }
    const char *processing() const override { return "h/h"; }
    const char *flow_code() const override { return "xy/x"; }

    int configure(Args &args) override {
        return args.mandatory("IP6", own_)
            .mandatory("ETH", ether_)
            .keyword("CAPACITY", capacity_)
            .keyword("TIMEOUT", Seconds{}, timeout_)
            .complete();
    }
    void cleanup(CleanupStage) override {
        for (auto &[_, entry] : entries_)
            for (Packet *p : entry.waiting) p->kill();
        entries_.clear();
    }
    void take_state(Element *old, ErrorHandler &) override {
        auto &other = *static_cast<IP6NDSolicitor *>(old->cast("IP6NDSolicitor"));
        entries_.swap(other.entries_);
        std::swap(waiting_, other.waiting_);
    }
    void add_handlers() override {
        add_read("table", [this] {
            std::string out;
            for (const auto &[address, it] : entries_)
                out += address.text() + " " + (it.is_known ? it.ether.text() : "-") + "\n";
            return out;
        });
        add_read("stats", [this] {
            return format("%llu packets killed\n%llu neighbour solicitations sent\n",
                          static_cast<unsigned long long>(drops_),
                          static_cast<unsigned long long>(queries_));
        });
        add_read("queries", [this] { return queries_; });
        add_read("responses", [this] { return responses_; });
        add_read("drops", [this] { return drops_; });
        add_write("insert", [this](const std::string &text, ErrorHandler &errh) {
            IP6Address address;
            EtherAddress ether;
            const auto words = split_words(text);
            ArgContext context{this, errh, ""};
            if (words.size() != 2 || !parse_arg(words[0], address, context) ||
                !parse_arg(words[1], ether, context))
                return errh.error("expected 'IP6 ETHER'");
            learn(entries_[address], ether);
            return 0;
        });
    }
    void push(int port, Packet *p) override {
        if (port == 1) return handle_answer(p);
        const auto next = p->anno_as<IP6Address>(anno::dst_ip6);
        if (next.is_multicast()) return send(p, multicast_ether(next));
        if (entries_.size() >= max_entries) forget();
        if (entries_.size() >= max_entries) return drops_ += 1, p->kill();
        Entry &entry = entries_[next];
        const int64_t now = steady_ns();
        if (entry.is_known && timeout_ && now - entry.learned_ns > timeout_.ns)
            entry.is_known = false;
        if (entry.is_known) return send(p, entry.ether);
        if (waiting_ >= capacity_) {
            drops_ += 1;
            p->kill();
        } else {
            waiting_ += 1;
            entry.waiting.push_back(p);
        }
        if (entry.asked_ns && now - entry.asked_ns < ask_again_ns) return;
        entry.asked_ns = now;
        solicit(next);
    }

  private:
    struct Entry {
        EtherAddress ether;
        bool is_known = false;
        int64_t learned_ns = 0, asked_ns = 0;
        std::deque<Packet *> waiting;
    };
    /// Room for others: those that never answered, then what is known.
    void forget() {
        std::erase_if(entries_, [](const auto &it) {
            return !it.second.is_known && it.second.waiting.empty();
        });
        if (entries_.size() < max_entries) return;
        std::erase_if(entries_, [](const auto &it) { return it.second.waiting.empty(); });
    }
    void send(Packet *p, const EtherAddress &to) {
        auto *header = reinterpret_cast<click_ether *>(p->push(sizeof(click_ether)));
        std::memcpy(header->destination, to.bytes, 6);
        std::memcpy(header->source, ether_.bytes, 6);
        header->type = net16(ether_type_ip6);
        p->set_mac_header(reinterpret_cast<uint8_t *>(header));
        output(0).push(p);
    }
    void solicit(const IP6Address &target) {
        queries_ += 1;
        IP6Address group; // ff02::1:ffXX:XXXX
        group.bytes[0] = 0xff;
        group.bytes[1] = 2;
        group.bytes[11] = 1;
        group.bytes[12] = 0xff;
        std::memcpy(group.bytes + 13, target.bytes + 13, 3);
        output(noutputs() - 1)
            .push(make_neighbour_message(nd_solicitation, ether_, multicast_ether(group), own_,
                                         group, target, 0));
    }
    void handle_answer(Packet *p) {
        const NeighbourMessage *m = neighbour_message(p, nd_advertisement);
        EtherAddress ether;
        IP6Address target;
        if (m) {
            const bool has_option =
                p->length() >= sizeof *m && m->option == 2 && m->option_words == 1;
            ether = EtherAddress(has_option ? m->address : m->ether.source);
            target = IP6Address(m->target);
        }
        const bool is_good = m && !ether.is_group();
        p->kill();
        if (!is_good) return;
        responses_ += 1;
        // Unasked ones don't make entries: a stranger could fill the table.
        if (const auto found = entries_.find(target); found != entries_.end())
            learn(found->second, ether);
    }
    void learn(Entry &entry, const EtherAddress &ether) {
        entry.ether = ether;
        entry.is_known = true;
        entry.learned_ns = steady_ns();
        entry.asked_ns = 0;
        std::deque<Packet *> waiting;
        waiting.swap(entry.waiting);
        waiting_ -= waiting.size();
        for (Packet *p : waiting) send(p, ether);
    }

    static constexpr size_t max_entries = 65536;
    static constexpr int64_t ask_again_ns = 1'000'000'000;
    IP6Address own_;
    EtherAddress ether_;
    size_t capacity_ = 2048, waiting_ = 0;
    Timestamp timeout_ = Timestamp::seconds(300);
    std::map<IP6Address, Entry> entries_;
    uint64_t queries_ = 0, responses_ = 0, drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(IP6NDSolicitor)
