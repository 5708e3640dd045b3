// What ToDevice and ToLVRM share.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include "elements/userlevel/packet_socket.hh"
#include "port_hub.hh"
#include "router.hh"

namespace click {

class ToPort : public Element {
  public:
    const char *port_count() const override { return "1/0"; }
    const char *processing() const override { return "a/a"; }
    int initialize(ErrorHandler &errh) override {
        if (port_hub)
            port_hub->expect(name_);
        else if ((descriptor_ = open_packet_socket(name_, false, errh)) < 0)
            return -1;
        if (!input_is_pull(0)) return 0;
        signal_ = Signal::upstream_empty(this, 0, &task_);
        task_.initialize();
        return 0;
    }
    void cleanup(CleanupStage) override {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_read("drops", [this] { return drops_; });
        add_write("reset_counts", [this] { count_ = drops_ = 0; });
        if (input_is_pull(0)) add_task_handlers(&task_);
    }
    void push(int, Packet *p) override { send(p); }
    void push_batch(int, Batch &batch) override {
        for (Packet *p : batch) send(p);
        batch.clear();
    }
    bool run_task(Task *task) override {
        Batch batch;
        input(0).pull(batch, burst_ < Batch::capacity ? burst_ : Batch::capacity);
        const bool has_worked = !batch.empty();
        push_batch(0, batch);
        if (has_worked || signal_) task->fast_reschedule();
        return has_worked;
    }

  protected:
    std::string name_;
    uint32_t burst_ = 32;

  private:
    void send(Packet *p) {
        bool is_sent;
        if (port_hub) {
            if (version_ != port_hub->version()) {
                version_ = port_hub->version();
                port_ = port_hub->find(name_);
            }
            is_sent = port_hub->send(port_, p);
        } else {
            is_sent = ::send(descriptor_, p->data(), p->length(), MSG_DONTWAIT) >= 0;
            p->kill();
        }
        count_ += is_sent;
        drops_ += !is_sent;
    }

    int descriptor_ = -1;
    int port_ = PortHub::none;
    uint32_t version_ = 0;
    uint64_t count_ = 0, drops_ = 0;
    Task task_{this};
    Signal signal_;
};

} // namespace click
