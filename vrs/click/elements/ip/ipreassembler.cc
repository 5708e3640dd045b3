/*
=c
IPReassembler([I<keywords> HIMEM, TIMEOUT, MAX_MTU_ANNO])
=s ip
puts fragmented IP packets together
=d
Expects IP packets with their header marked at the start of the data. Fragments are kept until all
of a packet are there; then the whole packet leaves, with the first fragment's header and the
timestamp of the last one that came. Other packets pass as they are. Where fragments overlap, the
bytes that came first count. Fragments of packets that aren't complete in time, and the oldest when
too much memory is used, are dropped, or the first of them leaves by output 1 when there is one, as
for ICMPError(…, timeexceeded, reassembly).
=k HIMEM
Bytes of fragments kept at most. Default 256 KB.
=k TIMEOUT
Seconds from a packet's first fragment. Default 30.
=k MAX_MTU_ANNO
A 2-byte annotation that gets the length of the largest fragment.
=h packets r
Packets that aren't complete.
=h memory r
=h drops r
=a IPFragmenter
*/
#include <list>
#include <map>
#include <tuple>

#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

class IPReassembler final : public SimpleElement<IPReassembler> {
  public:
    const char *class_name() const override { return "IPReassembler"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        return args.keyword("HIMEM", himem_)
            .keyword("TIMEOUT", Seconds{}, timeout_s_)
            .keyword("MAX_MTU_ANNO", AnnoArg{2}, mtu_anno_, has_mtu_anno_)
            .complete();
    }
    int initialize(ErrorHandler &) override {
        timer_.initialize();
        return 0;
    }
    void cleanup(CleanupStage) override {
        for (auto &[key, it] : partial_)
            for (Packet *p : it.fragments) p->kill();
        partial_.clear();
    }
    void take_state(Element *old, ErrorHandler &) override {
        auto *other = static_cast<IPReassembler *>(old);
        partial_.swap(other->partial_);
        order_.swap(other->order_); // places stay valid
        std::swap(memory_, other->memory_);
        schedule();
    }
    void add_handlers() override {
        add_read("packets", [this] { return partial_.size(); });
        add_read("memory", [this] { return memory_; });
        add_read("drops", [this] { return drops_; });
    }
    void run_timer(Timer *) override {
        const int64_t now = steady_ns();
        while (!order_.empty() && partial_.at(order_.front()).expiry_ns <= now)
            give_up(order_.front());
        schedule();
    }
    Packet *action(Packet *p) {
        if (!has_ip_header(p) || !p->ip_header()->is_fragment()) [[likely]] return p;
        const click_ip *ip = p->ip_header();
        const uint32_t start = (net16(ip->fragment) & click_ip_offset_mask) * 8u;
        const uint32_t header = ip->header_length(), total = net16(ip->length);
        const bool has_more = net16(ip->fragment) & click_ip_mf;
        if (total <= header || total > p->network_length() || start + total - header > 0xffff ||
            (has_more && (total - header) % 8)) {
            drops_ += 1;
            p->kill();
            return nullptr;
        }
        const Key key{ip->source, ip->destination, ip->id, ip->protocol};
        const auto [at, is_new] = partial_.try_emplace(key);
        Partial &it = at->second;
        if (is_new) {
            it.place = order_.insert(order_.end(), key);
            it.expiry_ns = steady_ns() + Timestamp::seconds(timeout_s_).ns;
            if (order_.size() == 1) schedule();
        }
        if (!has_more) it.end = start + total - header;
        it.fragments.push_back(p);
        it.bytes += p->length();
        memory_ += p->length();
        if (it.end && is_complete(it)) return join(at);
        while (memory_ > himem_ && !order_.empty()) give_up(order_.front());
        return nullptr;
    }

  private:
    using Key = std::tuple<uint32_t, uint32_t, uint16_t, uint8_t>;
    struct Partial {
        std::vector<Packet *> fragments; // as they came
        std::list<Key>::iterator place;
        int64_t expiry_ns = 0;
        uint64_t bytes = 0;
        uint32_t end = 0; // of the payload; 0: not known
    };
    using Place = std::map<Key, Partial>::iterator;

    static uint32_t start_of(const Packet *p) {
        return (net16(p->ip_header()->fragment) & click_ip_offset_mask) * 8u;
    }
    static uint32_t bytes_of(const Packet *p) {
        return net16(p->ip_header()->length) - p->ip_header()->header_length();
    }
    static bool is_complete(const Partial &it) {
        // From 0 on, as far as fragments reach.
        for (uint32_t reached = 0;;) {
            uint32_t next = reached;
            for (const Packet *p : it.fragments)
                if (start_of(p) <= reached) next = std::max(next, start_of(p) + bytes_of(p));
            if (next >= it.end) return true;
            if (next == reached) return false;
            reached = next;
        }
    }
    Packet *join(Place at) {
        Partial &it = at->second;
        Packet *first = nullptr;
        uint32_t largest = 0;
        for (Packet *p : it.fragments) {
            if (!first && start_of(p) == 0) first = p;
            largest = std::max<uint32_t>(largest, net16(p->ip_header()->length));
        }
        const uint32_t header = first->ip_header()->header_length();
        if (header + it.end > 0xffff) {
            forget(at, true);
            return nullptr;
        }
        Packet *whole = Packet::make(Packet::default_headroom, nullptr, header + it.end);
        whole->copy_annotations(first);
        whole->clear_mac_header();
        std::memcpy(whole->data(), first->ip_header(), header);
        // The first to come is written last, and so stays.
        for (size_t i = it.fragments.size(); i-- > 0;) {
            const Packet *p = it.fragments[i];
            const uint32_t start = start_of(p);
            if (start >= it.end) continue;
            const uint32_t bytes = std::min(bytes_of(p), it.end - start);
            std::memcpy(whole->data() + header + start,
                        p->network_header() + p->ip_header()->header_length(), bytes);
        }
        whole->set_network_header(whole->data(), header);
        click_ip *ip = whole->ip_header();
        ip->length = net16(static_cast<uint16_t>(header + it.end));
        ip->fragment &= net16(click_ip_df);
        set_ip_checksum(ip);
        whole->set_timestamp(it.fragments.back()->timestamp());
        if (has_mtu_anno_) whole->set_anno({mtu_anno_, 2}, static_cast<uint16_t>(largest));
        forget(at, false);
        return whole;
    }
    void forget(Place at, bool is_drop) {
        memory_ -= at->second.bytes;
        if (is_drop) drops_ += at->second.fragments.size();
        for (Packet *p : at->second.fragments) p->kill();
        order_.erase(at->second.place);
        partial_.erase(at);
    }
    void give_up(const Key &key) {
        const auto at = partial_.find(key);
        Packet *first = nullptr;
        std::vector<Packet *> &all = at->second.fragments;
        for (size_t i = 0; i < all.size(); i += 1)
            if (start_of(all[i]) == 0) {
                first = all[i];
                at->second.bytes -= first->length();
                memory_ -= first->length();
                all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
                break;
            }
        forget(at, true);
        if (!first) return;
        drops_ += 1;
        checked_push(1, first);
    }
    void schedule() {
        if (order_.empty()) return timer_.unschedule();
        timer_.schedule_at({partial_.at(order_.front()).expiry_ns});
    }

    uint64_t himem_ = 256 * 1024, memory_ = 0, drops_ = 0;
    double timeout_s_ = 30;
    uint8_t mtu_anno_ = 0;
    bool has_mtu_anno_ = false;
    std::map<Key, Partial> partial_;
    std::list<Key> order_; // by expiry
    Timer timer_{this};
};

} // namespace click

EXPORT_ELEMENT(IPReassembler)
