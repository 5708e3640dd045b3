// What all rewriters have in common: input specifications, the table of flows, timeouts, handlers,
// and telling siblings about flows.
#pragma once

#include "elements/tcpudp/rewrite_rule.hh"
#include "element.hh"
#include "exchange.hh"

namespace click {

class Rewriter : public SortElement<Rewriter>, public Sharer {
  public:
    const char *port_count() const override { return "1-/1-"; }
    void *cast(const char *name) override;
    int configure(Args &args) override;
    int initialize(ErrorHandler &errh) override;
    void cleanup(CleanupStage stage) override;
    void add_handlers() override;
    void take_state(Element *old, ErrorHandler &errh) override;
    void run_timer(Timer *) override;
    void receive(uint8_t kind, std::string_view bytes) override;
    bool tell(size_t &cursor) override;

    void start_batch() { now_ns_ = steady_ns(); }
    int sort(int port, Packet *p);

    // For ICMPRewriter and FTPPortMapper.
    /// The flow that has packets like `key`, and in which direction; null when there is none.
    Flow *find(const FlowKey &key, int &direction);
    /// The flow of a packet like `key` that comes in by `input`, made when it isn't there.
    Flow *find_or_make(const FlowKey &key, int input, int &direction);
    /// The key of an ICMP error's quoted packet: `header` bytes of transport header are there.
    virtual bool quoted_key(const click_ip *ip, const uint8_t *transport, uint32_t bytes,
                            FlowKey &out) const = 0;

  protected:
    /// Bits of Flow::state.
    enum Seen : uint8_t {
        packet_0 = 1, // in direction 0
        packet_1 = 2,
        data_0 = 4,
        data_1 = 8,
        end_0 = 16,
        end_1 = 32
    };
    struct Timeouts {
        int64_t usual_ns, streaming_ns, data_ns, done_ns, guarantee_ns;
    };

    virtual RewritePattern::Kind pattern_kind() const { return RewritePattern::Kind::ports; }
    virtual void add_keywords(Args &args) = 0;
    /// False: not for this rewriter (another protocol, a later fragment, cut short).
    virtual bool key_of(const Packet *p, FlowKey &out) const = 0;
    /// Rewriters whose replies are known by other fields than those of forward packets.
    virtual int look_up(const FlowKey &key) const { return table_.find(key); }
    virtual FlowKey flow_key(const FlowKey &key) const { return key; }
    /// Whether such a packet may be the first of a flow.
    virtual bool may_start(const Packet *) const { return true; }
    /// Changes the packet, and says what of it counts for the flow's state.
    virtual uint8_t apply(const Flow &flow, uint32_t number, int direction, Packet *p) = 0;
    virtual int64_t timeout_ns(const Flow &flow) const = 0;
    virtual int64_t guarantee_ns(const Flow &flow) const = 0;
    virtual void on_removed(uint32_t /*number*/) {}
    // What goes along with a flow when siblings are told.
    virtual void add_details(uint32_t /*number*/, std::string & /*out*/) const {}
    virtual void take_details(uint32_t /*number*/, std::string_view /*bytes*/) {}
    virtual void move_details(uint32_t /*from*/, uint32_t /*to*/, Rewriter & /*old*/) {}
    std::string dump(int protocol) const; // -1: all
    void add_lookup(const char *name, uint8_t protocol);

    void announce(uint32_t number);
    FlowTable table_;
    int64_t now_ns_ = 0;
    bool sets_dst_anno_ = true;

  private:
    static constexpr int no_flow = -1;
    int make_flow(const FlowKey &key, int input);
    bool make_room();
    void remove(uint32_t number);
    void touch(Flow &flow, uint32_t number, uint8_t seen);
    bool is_expired(const Flow &flow) const { return flow.expiry_ns <= now_ns_; }
    bool add_rule(const FlowKey &key, const RewriteRule &rule, int input, Flow &out);

    std::vector<InputSpec> specs_;
    uint32_t capacity_ = 65536;
    double reap_s_ = 900;
    uint64_t failures_ = 0;
    uint32_t eviction_ = 0;
    Timer timer_{this};
};

} // namespace click
