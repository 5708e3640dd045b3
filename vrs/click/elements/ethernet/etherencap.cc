/*
=c
EtherEncap(ETHERTYPE, SRC, DST)
=s ethernet
puts an Ethernet header onto packets
=d
Puts an Ethernet header with these contents in front of each packet, and marks it.
=h ethertype rw
=h src rw
=h dst rw
=a EtherVLANEncap, ARPQuerier
*/
#include "element.hh"
#include "headers.hh"

namespace click {

class EtherEncap final : public SimpleElement<EtherEncap> {
  public:
    const char *class_name() const override { return "EtherEncap"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        if (args.mandatory("ETHERTYPE", type_)
                .mandatory("SRC", source_)
                .mandatory("DST", destination_)
                .complete() < 0)
            return -1;
        make();
        return 0;
    }
    void add_handlers() override {
        add_read("src", [this] { return source_; });
        add_read("dst", [this] { return destination_; });
        add_read("ethertype", [this] { return format("%04x", type_); });
        add_write("src",
                  [this](const std::string &t, ErrorHandler &e) { return set(t, source_, e); });
        add_write("dst", [this](const std::string &t, ErrorHandler &e) {
            return set(t, destination_, e);
        });
        add_write("ethertype",
                  [this](const std::string &t, ErrorHandler &e) { return set(t, type_, e); });
    }
    Packet *action(Packet *p) {
        uint8_t *at = p->push(sizeof header_);
        std::memcpy(at, &header_, sizeof header_);
        p->set_mac_header(at);
        return p;
    }

  private:
    template <class V> int set(const std::string &text, V &value, ErrorHandler &errh) {
        ArgContext context{this, errh, ""};
        if (!parse_arg(trim(text), value, context)) return errh.error("syntax error");
        make();
        return 0;
    }
    void make() {
        std::memcpy(header_.destination, destination_.bytes, 6);
        std::memcpy(header_.source, source_.bytes, 6);
        header_.type = net16(type_);
    }
    uint16_t type_ = 0;
    EtherAddress source_, destination_;
    click_ether header_{};
};

} // namespace click

EXPORT_ELEMENT(EtherEncap)
