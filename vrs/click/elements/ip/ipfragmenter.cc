/*
=c
IPFragmenter(MTU [, HONOR_DF, VERBOSE, I<keywords> HEADROOM])
=s ip
cuts large IP packets into fragments
=d
Expects IP packets with their header marked at the start of the data. Packets of at most MTU bytes
pass as they are; larger ones become fragments of at most MTU bytes, which leave by output 0 in
order. Those that must not be cut (don't-fragment) leave by output 1 when there is one, else they
are
dropped; ICMPError(…, unreachable, needfrag) sends the error. Options that are meant to be are
copied
into all fragments.
=k HONOR_DF
Default true; with false packets are cut whatever they say.
=k VERBOSE
Tell of every packet that may not be cut on stderr. Default false: of the first five.
=k HEADROOM
Room in front of fragments. Default 128.
=h drops r
=h fragments r
=h mtu rw
=a ICMPError, IPReassembler
*/
#include "element.hh"
#include "elements/ip/fragmenter.hh"

namespace click {

class IPFragmenter final : public Element {
  public:
    const char *class_name() const override { return "IPFragmenter"; }
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "h/h"; }
    int configure(Args &args) override {
        return args.mandatory("MTU", Bounded<uint32_t>{8, 65535}, mtu_)
            .positional("HONOR_DF", honors_df_)
            .positional("VERBOSE", is_verbose_)
            .keyword("HEADROOM", Bounded<uint32_t>{0, 1024}, headroom_)
            .complete();
    }
    void add_handlers() override {
        add_read("drops", [this] { return drops_; });
        add_read("fragments", [this] { return fragments_; });
        add_data("mtu", data_both, &mtu_);
    }
    void push(int, Packet *p) override {
        if (p->network_length() <= mtu_) [[likely]]
            output(0).push(p);
        else
            cut(p);
    }
    void push_batch(int, Batch &batch) override {
        uint32_t large = 0;
        for (Packet *p : batch) large += p->network_length() > mtu_;
        if (large == 0) [[likely]] return output(0).push(batch);
        for (Packet *p : batch) push(0, p);
        batch.clear();
    }

  private:
    void cut(Packet *p) {
        const bool is_whole = can_fragment(p, mtu_);
        if (!is_whole || (honors_df_ && (p->ip_header()->fragment & net16(click_ip_df)))) {
            if (is_whole && (is_verbose_ || told_ < told_at_most)) tell(p);
            drops_ += 1;
            return checked_push(1, p);
        }
        fragments_ += fragment_packet(p, mtu_, headroom_, [this](Packet *q) { output(0).push(q); });
    }

    void tell(const Packet *p) {
        told_ += 1;
        FileErrorHandler(2).message("IPFragmenter(%u) DF %s %s len=%u", mtu_,
                                    IPAddress(p->ip_header()->source).text().c_str(),
                                    IPAddress(p->ip_header()->destination).text().c_str(),
                                    p->length());
    }

    static constexpr uint32_t told_at_most = 5;
    uint32_t told_ = 0;
    uint32_t mtu_ = 0, headroom_ = Packet::default_headroom;
    bool honors_df_ = true, is_verbose_ = false;
    uint64_t drops_ = 0, fragments_ = 0;
};

} // namespace click

EXPORT_ELEMENT(IPFragmenter)
