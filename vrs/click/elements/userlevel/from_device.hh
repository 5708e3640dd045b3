// What FromDevice and PollDevice share.
#pragma once

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "elements/analysis/force_ip.hh"
#include "elements/userlevel/packet_socket.hh"
#include "port_hub.hh"
#include "router.hh"

namespace click {

class FromPort : public Element {
  public:
    const char *port_count() const override { return "0/1-2"; }
    const char *processing() const override { return "h/h"; }
    int configure_phase() const override { return phase_privileged; }
    int configure(Args &args) override {
        std::string ignored;
        bool has_neighbours = false;
        if (args.mandatory("DEVNAME", name_)
                .positional("PROMISC", is_promiscuous_)
                .positional("SNAPLEN", Bounded<uint32_t>{14, 65535}, snap_)
                .keyword("FORCE_IP", only_ip_)
                .keyword("HEADROOM", Bounded<uint32_t>{0, 8190}, headroom_)
                .keyword("BURST", Bounded<uint32_t>{1, 1024}, burst_)
                .keyword("OUTBOUND", has_outbound_)
                .keyword("NEIGHBOURS", has_neighbour_frames_, has_neighbours)
                .keyword("SNIFFER", Any{}, ignored)
                .keyword("METHOD", Any{}, ignored)
                .keyword("CAPTURE", Any{}, ignored)
                .keyword("TIMESTAMP", Any{}, ignored)
                .keyword("ACTIVE", Any{}, ignored)
                .keyword("PROTOCOL", Any{}, ignored)
                .keyword("ENCAP", Any{}, ignored)
                .complete() < 0)
            return -1;
        if (!has_neighbours) has_neighbour_frames_ = is_promiscuous_;
        return name_.empty() ? args.error("interface not set") : 0;
    }
    int initialize(ErrorHandler &errh) override {
        if (port_hub) {
            port_hub->receive(name_, this, is_promiscuous_, has_neighbour_frames_);
            return 0;
        }
        descriptor_ = open_packet_socket(name_, is_promiscuous_, errh);
        if (descriptor_ < 0) return -1;
        router().driver().add_select(descriptor_, Driver::select_read, this);
        return 0;
    }
    void cleanup(CleanupStage) override {
        if (port_hub) port_hub->forget(this);
        if (descriptor_ < 0) return;
        router().driver().remove_select(descriptor_, Driver::select_read, this);
        ::close(descriptor_);
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_read("encap", [] { return "ETHER"; });
        add_write("reset_counts", [this] { count_ = 0; });
    }
    void selected(int, int) override {
        for (uint32_t i = 0; i < burst_; i += 1) {
            Packet *p = Packet::make(headroom_, nullptr, snap_);
            if (!receive_packet(descriptor_, p, has_outbound_)) return p->kill();
            count_ += 1;
            deliver(p);
        }
    }
    /// Frames of lvrm's port come to input 0 of it, as it were.
    void push(int, Packet *p) override {
        count_ += 1;
        deliver(p);
    }
    void push_batch(int, Batch &batch) override {
        count_ += batch.size();
        if (only_ip_) {
            for (Packet *p : batch) deliver(p);
            batch.clear();
        } else {
            output(0).push(batch);
        }
    }

  private:
    void deliver(Packet *p) {
        if (only_ip_ && !mark_ip(*p, link_ethernet)) return checked_push(1, p);
        output(0).push(p);
    }

    std::string name_;
    bool is_promiscuous_ = false, only_ip_ = false, has_outbound_ = false;
    bool has_neighbour_frames_ = false;
    uint32_t snap_ = 2046, headroom_ = Packet::default_headroom, burst_ = 32;
    int descriptor_ = -1;
    uint64_t count_ = 0;
};

} // namespace click
