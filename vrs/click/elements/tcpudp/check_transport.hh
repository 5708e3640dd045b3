// What CheckTCPHeader, CheckUDPHeader and CheckICMPHeader share: T::check(Packet *) returns the
// number of the reason why a packet is bad, or `good`.
#pragma once

#include "element.hh"
#include "elements/ip/ip_tools.hh"

namespace click {

template <class T> class CheckTransport : public SimpleElement<CheckTransport<T>> {
  public:
    static constexpr int good = -1;
    enum Reason { not_this_protocol, bad_length, bad_sum, reason_count };

    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        return args.keyword("VERBOSE", is_verbose_).keyword("DETAILS", has_details_).complete();
    }
    void add_handlers() override {
        this->add_read("drops", [this] { return drops_; });
        if (has_details_)
            this->add_read("drop_details", [this] {
                std::string out;
                for (int i = 0; i < reason_count; i += 1)
                    out += format("%12llu %s\n", static_cast<unsigned long long>(details_[i]),
                                  T::reasons[i]);
                return out;
            });
    }
    Packet *action(Packet *p) {
        int reason = not_this_protocol;
        if (has_ip_header(p) && p->ip_header()->protocol == T::protocol) [[likely]] {
            // A later fragment has no header to check.
            reason = p->ip_header()->is_first_fragment() ? T::check(p) : good;
        }
        if (reason == good) [[likely]] return p;
        if (drops_ == 0 || is_verbose_)
            this->chatter("%s header check failed: %s", T::title, T::reasons[reason]);
        drops_ += 1;
        details_[reason] += 1;
        this->checked_push(1, p);
        return nullptr;
    }

  protected:
    /// The transport header's and payload's bytes by the IP header, 0 when they aren't all there.
    static uint32_t transport_bytes(const Packet *p) {
        const uint32_t total = net16(p->ip_header()->length);
        const uint32_t header = p->ip_header()->header_length();
        return total > header && total - header <= p->transport_length() ? total - header : 0;
    }
    static bool is_whole(const Packet *p) { return !p->ip_header()->is_fragment(); }
    static uint16_t sum(const Packet *p, uint32_t bytes) {
        const click_ip *ip = p->ip_header();
        return checksum(p->transport_header(), bytes,
                        pseudo_sum(ip->source, ip->destination, T::protocol,
                                   static_cast<uint16_t>(bytes)));
    }

  private:
    bool is_verbose_ = false, has_details_ = false;
    uint64_t drops_ = 0;
    uint64_t details_[reason_count] = {};
};

} // namespace click
