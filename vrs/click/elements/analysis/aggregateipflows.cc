/*
=c
AggregateIPFlows([I<keywords> TCP_TIMEOUT, TCP_DONE_TIMEOUT, UDP_TIMEOUT, FRAGMENT_TIMEOUT, REAP,
ICMP, FRAGMENTS])
=s aggregates
numbers TCP and UDP flows
=d
Expects IP packets with their header marked. Sets the aggregate annotation to the number of the
packet's flow, from 1 on, and the paint annotation to 0 for the direction of the flow's first packet
and 1 for the other one. What belongs to no flow leaves by output 1 when there is one, else it is
dropped. Time is that of the packets' timestamps.
=k TCP_TIMEOUT, TCP_DONE_TIMEOUT, UDP_TIMEOUT
After how long without packets a flow is over: 24 hours, 30 seconds once both sides have closed it
or one reset it, 1 minute. A packet that comes later starts a new flow.
=k FRAGMENT_TIMEOUT
How long a fragment waits for the first one. Default 30 seconds.
=k REAP
How often flows that are over are looked for. Default 20 minutes.
=k ICMP
Number ICMP errors by the flow that they are about, and paint them 2 or 3. Default false.
=k FRAGMENTS
Number later fragments by the first one, for which they wait; packets between the same two
addresses wait behind them. Default true, when packets are pushed; without it, or when they are
pulled, later fragments belong to no flow.
=h clear w
=h nflows r
=a AggregateCounter
*/
#include <algorithm>
#include <deque>
#include <map>

#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class AggregateIPFlows final : public Element {
  public:
    const char *class_name() const override { return "AggregateIPFlows"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }

    int configure(Args &args) override {
        bool is_given = false;
        if (args.keyword("TCP_TIMEOUT", Seconds{}, tcp_)
                .keyword("TCP_DONE_TIMEOUT", Seconds{}, tcp_done_)
                .keyword("UDP_TIMEOUT", Seconds{}, udp_)
                .keyword("FRAGMENT_TIMEOUT", Seconds{}, fragment_)
                .keyword("REAP", Seconds{}, reap_)
                .keyword("ICMP", has_icmp_)
                .keyword("FRAGMENTS", has_fragments_, is_given)
                .complete() < 0)
            return -1;
        is_asked_for_ = is_given && has_fragments_;
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        if (input_is_push(0)) return 0;
        if (is_asked_for_)
            return errh.error("'FRAGMENTS true' is incompatible with pull; run this element in a "
                              "push context");
        has_fragments_ = false;
        return 0;
    }
    void cleanup(CleanupStage) override { clear(); }
    void take_state(Element *old, ErrorHandler &) override {
        auto &other = *static_cast<AggregateIPFlows *>(old->cast("AggregateIPFlows"));
        next_ = other.next_;
        flows_.swap(other.flows_);
        marks_.swap(other.marks_);
        if (has_fragments_) waiting_.swap(other.waiting_);
    }
    void add_handlers() override {
        add_write("clear", [this] { clear(); });
        add_read("nflows", [this] { return flows_.size(); });
    }
    void push(int, Packet *p) override {
        if (!has_ip_header(p)) return refuse(p);
        look_at_time(p->timestamp());
        if (!has_fragments_) return settle(p) == Verdict::known ? output(0).push(p) : refuse(p);
        const Pair pair = pair_of(p);
        const auto waiting = waiting_.find(pair);
        const Verdict verdict = settle(p);
        if (waiting == waiting_.end() && verdict != Verdict::waits) return emit(p, verdict);
        waiting_[pair].push_back({p, verdict});
        release(pair);
    }
    Packet *pull(int) override {
        for (;;) {
            Packet *p = input(0).pull();
            if (!p) return nullptr;
            if (has_ip_header(p)) {
                look_at_time(p->timestamp());
                if (settle(p) == Verdict::known) return p;
            }
            refuse(p);
        }
    }

  private:
    enum class Verdict { known, none, waits };
    struct Key {
        uint32_t address[2];
        uint16_t port[2];
        uint8_t protocol;
        auto operator<=>(const Key &) const = default;
    };
    struct Flow {
        uint32_t number;
        bool is_first_way; // whether Key's order is the first packet's
        Timestamp last;
        uint8_t closed = 0; // bit per side, 3: over
    };
    struct Fragment {
        uint32_t source, destination;
        uint16_t id;
        uint8_t protocol;
        auto operator<=>(const Fragment &) const = default;
    };
    struct Mark {
        uint32_t number;
        uint8_t paint;
        Timestamp seen;
    };
    struct Waiting {
        Packet *packet;
        Verdict verdict;
    };
    using Pair = std::pair<uint32_t, uint32_t>;

    static Pair pair_of(const Packet *p) {
        const click_ip *ip = p->ip_header();
        return std::minmax(ip->source, ip->destination);
    }
    static Fragment fragment_of(const click_ip *ip) {
        return {ip->source, ip->destination, ip->id, ip->protocol};
    }
    void refuse(Packet *p) { checked_push(1, p); }
    void emit(Packet *p, Verdict verdict) {
        verdict == Verdict::known ? output(0).push(p) : refuse(p);
    }
    static void set(Packet *p, uint32_t number, uint8_t paint) {
        p->set_anno<uint32_t>(anno::aggregate, number);
        p->set_paint(paint);
    }
    static Key key_of(const click_ip *ip, const uint8_t *ports, bool &is_swapped) {
        Key key{{ip->source, ip->destination},
                {load<uint16_t>(ports), load<uint16_t>(ports + 2)},
                ip->protocol};
        const std::pair first(key.address[0], key.port[0]), second(key.address[1], key.port[1]);
        is_swapped = first > second;
        if (is_swapped) {
            std::swap(key.address[0], key.address[1]);
            std::swap(key.port[0], key.port[1]);
        }
        return key;
    }
    bool is_over(const Key &key, const Flow &flow, Timestamp now) const {
        const Timestamp limit = key.protocol == ip_proto_udp ? udp_
                                : flow.closed == 3           ? tcp_done_
                                                             : tcp_;
        return flow.last + limit < now;
    }
    /// Finds the packet's flow, or says that it waits for its first fragment.
    Verdict settle(Packet *p) {
        const click_ip *ip = p->ip_header();
        if (ip->protocol == ip_proto_icmp && has_icmp_) return settle_error(p);
        if (ip->protocol != ip_proto_tcp && ip->protocol != ip_proto_udp) return Verdict::none;
        if (!ip->is_first_fragment()) {
            if (!has_fragments_) return Verdict::none;
            const auto first = marks_.find(fragment_of(ip));
            if (first == marks_.end()) return Verdict::waits;
            set(p, first->second.number, first->second.paint);
            return Verdict::known;
        }
        if (p->transport_length() < 8) return Verdict::none;
        bool is_swapped;
        const Key key = key_of(ip, p->transport_header(), is_swapped);
        const Timestamp now = p->timestamp();
        auto found = flows_.find(key);
        if (found == flows_.end() || is_over(key, found->second, now))
            found = flows_.insert_or_assign(key, Flow{next_++, !is_swapped, now}).first;
        Flow &flow = found->second;
        flow.last = now;
        const bool is_back = is_swapped == flow.is_first_way;
        if (ip->protocol == ip_proto_tcp && p->transport_length() >= sizeof(click_tcp)) {
            const uint8_t flags = p->tcp_header()->flags;
            if (flags & 4) flow.closed = 3;
            if (flags & 1) flow.closed |= is_back ? 2 : 1;
            if (flags & 2) flow.closed = 0;
        }
        set(p, flow.number, is_back);
        if (has_fragments_ && ip->is_fragment()) {
            marks_[fragment_of(ip)] = {flow.number, static_cast<uint8_t>(is_back), now};
            settle_waiting(pair_of(p), fragment_of(ip));
        }
        return Verdict::known;
    }
    /// An ICMP error goes the other way than the packet that it quotes.
    Verdict settle_error(Packet *p) {
        const uint32_t left = p->transport_length();
        if (left < sizeof(click_icmp) + sizeof(click_ip)) return Verdict::none;
        const uint8_t type = p->icmp_header()->type;
        const bool is_error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        const auto *quoted = reinterpret_cast<const click_ip *>(p->icmp_header() + 1);
        const uint32_t header = quoted->header_length();
        if (!is_error || quoted->version() != 4 || header < sizeof(click_ip) ||
            left < sizeof(click_icmp) + header + 4 || !quoted->is_first_fragment())
            return Verdict::none;
        bool is_swapped;
        const auto *ports = reinterpret_cast<const uint8_t *>(quoted) + header;
        const auto found = flows_.find(key_of(quoted, ports, is_swapped));
        if (found == flows_.end()) return Verdict::none;
        const bool is_back = is_swapped == found->second.is_first_way;
        set(p, found->second.number, is_back ? 2 : 3);
        return Verdict::known;
    }
    void settle_waiting(const Pair &pair, const Fragment &which) {
        const auto queue = waiting_.find(pair);
        if (queue == waiting_.end()) return;
        const Mark &mark = marks_[which];
        for (Waiting &it : queue->second) {
            if (it.verdict != Verdict::waits || fragment_of(it.packet->ip_header()) != which)
                continue;
            set(it.packet, mark.number, mark.paint);
            it.verdict = Verdict::known;
        }
    }
    /// Sends what waits no longer, in order.
    void release(const Pair &pair) {
        for (;;) {
            const auto queue = waiting_.find(pair);
            if (queue == waiting_.end()) return;
            const Waiting first = queue->second.front();
            if (first.verdict == Verdict::waits &&
                now_ < first.packet->timestamp() + fragment_)
                return;
            queue->second.pop_front();
            if (queue->second.empty()) waiting_.erase(queue);
            emit(first.packet, first.verdict);
        }
    }
    void look_at_time(Timestamp now) {
        now_ = std::max(now_, now);
        if (!waiting_.empty() && now_ >= checked_ + Timestamp::seconds(1)) {
            checked_ = now_;
            std::vector<Pair> pairs;
            for (const auto &[pair, _] : waiting_) pairs.push_back(pair);
            for (const Pair &pair : pairs) release(pair);
        }
        if (!reaped_) reaped_ = now_;
        if (now_ < reaped_ + reap_) return;
        reaped_ = now_;
        std::erase_if(flows_, [&](const auto &it) { return is_over(it.first, it.second, now_); });
        std::erase_if(marks_, [&](const auto &it) { return it.second.seen + fragment_ < now_; });
    }
    void clear() {
        for (auto &[_, queue] : waiting_)
            for (const Waiting &it : queue) it.packet->kill();
        waiting_.clear();
        flows_.clear();
        marks_.clear();
    }

    Timestamp tcp_ = Timestamp::seconds(86400), tcp_done_ = Timestamp::seconds(30);
    Timestamp udp_ = Timestamp::seconds(60), fragment_ = Timestamp::seconds(30);
    Timestamp reap_ = Timestamp::seconds(1200), now_, checked_, reaped_;
    bool has_icmp_ = false, has_fragments_ = true, is_asked_for_ = false;
    uint32_t next_ = 1;
    std::map<Key, Flow> flows_;
    std::map<Fragment, Mark> marks_;
    std::map<Pair, std::deque<Waiting>> waiting_;
};

} // namespace click

EXPORT_ELEMENT(AggregateIPFlows)
