// TCPRewriter, as FTPPortMapper sees it.
#pragma once

#include <map>

#include "elements/tcpudp/tcpudp_rewriter.hh"

namespace click {

class TCPRewriter final : public PortRewriter {
  public:
    const char *class_name() const override { return "TCPRewriter"; }
    void *cast(const char *name) override;
    void add_handlers() override;
    /// From sequence number `trigger` (host order, as the sender counts) on, data of the flow that
    /// `key` belongs to is longer by `difference` bytes. False when there is no such flow.
    bool shift_sequence(const FlowKey &key, uint32_t trigger, int32_t difference);

  protected:
    bool takes(uint8_t protocol) const override { return protocol == ip_proto_tcp; }
    void add_keywords(Args &args) override;
    uint8_t apply(const Flow &flow, uint32_t number, int direction, Packet *p) override;
    int64_t timeout_ns(const Flow &flow) const override { return tcp_.timeout_ns(flow); }
    int64_t guarantee_ns(const Flow &) const override { return tcp_.guarantee_ns(); }
    void on_removed(uint32_t number) override { shifts_.erase(number); }
    void add_details(uint32_t number, std::string &out) const override;
    void take_details(uint32_t number, std::string_view bytes) override;
    void move_details(uint32_t from, uint32_t to, Rewriter &old) override;

  private:
    /// Bytes behind `trigger` are `after` further on than the sender thinks, others `before`.
    struct Shift {
        uint32_t trigger;
        int32_t before, after;
        int32_t of(uint32_t sequence) const {
            return static_cast<int32_t>(sequence - trigger) > 0 ? after : before;
        }
        /// The same for an acknowledgement, which counts as the receiver does.
        int32_t of_shifted(uint32_t acknowledged) const {
            const uint32_t shifted = trigger + static_cast<uint32_t>(before);
            return static_cast<int32_t>(acknowledged - shifted) > 0 ? after : before;
        }
    };
    struct Shifts {
        Shift of[2]; // by direction
    };
    void shift(const Shifts &shifts, int direction, Packet *p) const;

    std::map<uint32_t, Shifts> shifts_; // of the few flows that have any
    TcpTimeouts tcp_;
};

} // namespace click
