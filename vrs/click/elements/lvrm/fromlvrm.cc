/*
=c
FromLVRM(PORT [, I<keywords> PROMISC, NEIGHBOURS])
=s netdevices
reads packets from a port of lvrm by its number
=d
As FromDevice, for a port by its number: 0 is the first interface that lvrm serves. Only under lvrm.
=k PROMISC
Take frames for other hosts too. Default false.
=k NEIGHBOURS
Take copies of ARP and neighbour discovery frames. Default: like PROMISC.
=h count r
=a ToLVRM, FromDevice
*/
#include "port_hub.hh"
#include "router.hh"

namespace click {

class FromLVRM final : public Element {
  public:
    const char *class_name() const override { return "FromLVRM"; }
    const char *port_count() const override { return "0/1"; }
    const char *processing() const override { return "h/h"; }
    int configure(Args &args) override {
        bool is_given = false;
        if (args.mandatory("PORT", Bounded<uint32_t>{0, 254}, port_)
                .keyword("PROMISC", is_promiscuous_)
                .keyword("NEIGHBOURS", has_neighbours_, is_given)
                .complete() < 0)
            return -1;
        if (!is_given) has_neighbours_ = is_promiscuous_;
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        if (!port_hub) return errh.error("not under lvrm: use FromDevice");
        port_hub->receive("#" + std::to_string(port_), this, is_promiscuous_, has_neighbours_);
        return 0;
    }
    void cleanup(CleanupStage) override {
        if (port_hub) port_hub->forget(this);
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
    }
    void push(int, Packet *p) override {
        count_ += 1;
        output(0).push(p);
    }
    void push_batch(int, Batch &batch) override {
        count_ += batch.size();
        output(0).push(batch);
    }

  private:
    uint32_t port_ = 0;
    bool is_promiscuous_ = false, has_neighbours_ = false;
    uint64_t count_ = 0;
};

} // namespace click

EXPORT_ELEMENT(FromLVRM)
