/*
=c
ToHost([DEVNAME, I<keywords> TYPE, QUIET, SNIFFERS, ALLOW_NONEXISTENT])
=s comm
gives packets to the host
=d
Expects packets with Ethernet headers, addressed to the host. DEVNAME is the device of a FromHost of
this router, which the host receives them by. Under lvrm, without such a FromHost, it is a port of
lvrm's by the name of its interface, as in ToDevice. What can't be given is dropped.
=k TYPE, QUIET, SNIFFERS, ALLOW_NONEXISTENT
Accepted, and change nothing; TYPE may be ETHER only.
=h count r
=h drops r
=h reset_counts w
=a FromHost, ToDevice
*/
#include <unistd.h>

#include "elements/userlevel/host_device.hh"
#include "port_hub.hh"

namespace click {

class ToHost final : public Element {
  public:
    const char *class_name() const override { return "ToHost"; }
    const char *port_count() const override { return "1/0"; }
    const char *processing() const override { return "h/h"; }
    /// After FromHost.
    int configure_phase() const override { return phase_privileged + 1; }
    int configure(Args &args) override {
        std::string ignored, type = "ETHER";
        if (args.positional("DEVNAME", device_)
                .keyword("TYPE", Word{}, type)
                .keyword("QUIET", Any{}, ignored)
                .keyword("SNIFFERS", Any{}, ignored)
                .keyword("ALLOW_NONEXISTENT", Any{}, ignored)
                .complete() < 0)
            return -1;
        if (type != "ETHER") return args.error("TYPE: only ETHER is supported");
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        for (const auto &it : router().elements()) {
            auto *found = static_cast<HostDevice *>(it->cast("HostDevice"));
            if (found && (found->device() == device_ || device_.empty())) host_ = found;
        }
        if (!host_ && port_hub) port_hub->expect(device_);
        if (host_ || port_hub) return 0;
        return errh.error("ToHost(%s) requires an initialized FromHost with the same device name",
                          device_.c_str());
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_read("drops", [this] { return drops_; });
        add_write("reset_counts", [this] { count_ = drops_ = 0; });
    }
    void push(int, Packet *p) override {
        const bool is_given = host_ ? give(p) : send(p);
        count_ += is_given;
        drops_ += !is_given;
    }

  private:
    bool give(Packet *p) const {
        const bool is_written = ::write(host_->descriptor(), p->data(), p->length()) >= 0;
        p->kill();
        return is_written;
    }
    bool send(Packet *p) {
        if (version_ != port_hub->version()) {
            version_ = port_hub->version();
            port_ = port_hub->find(device_);
        }
        return port_hub->send(port_, p);
    }

    std::string device_;
    HostDevice *host_ = nullptr;
    int port_ = PortHub::none;
    uint32_t version_ = 0;
    uint64_t count_ = 0, drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(ToHost)
