// What ToDump and ToIPSummaryDump share: a file that is told of each packet. Packets go on at the
// output, if there is one; the input may be push or pull.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "router.hh"

namespace click {

class TraceSink : public Element {
  public:
    const char *port_count() const override { return "1/0-1"; }
    bool is_observer() const override { return true; }
    int initialize(ErrorHandler &errh) override {
        f_ = file_name_ == "-" ? stdout : std::fopen(file_name_.c_str(), "wb");
        const std::string text = header();
        if (!f_ || std::fwrite(text.data(), 1, text.size(), f_) != text.size())
            return errh.error("%s: %s", file_name_.c_str(), std::strerror(errno));
        if (!has_task()) return 0;
        signal_ = Signal::upstream_empty(this, 0, &task_);
        task_.initialize();
        return 0;
    }
    void cleanup(CleanupStage) override { close(); }
    void add_handlers() override {
        add_read("filename", [this] { return file_name_; });
        add_write("flush", [this] { flush(); });
        if (has_task()) add_task_handlers(&task_);
    }
    void push(int, Packet *p) override {
        if (f_) tell(p);
        checked_push(0, p);
    }
    Packet *pull(int) override {
        Packet *p = input(0).pull();
        if (p && f_) tell(p);
        return p;
    }
    bool run_task(Task *task) override {
        Packet *p = pull(0);
        if (p) p->kill();
        if (p || signal_) task->fast_reschedule();
        return p != nullptr;
    }

  protected:
    virtual std::string header() const = 0;
    virtual void tell(Packet *p) = 0;
    /// False, and nothing is told any more, when the file can't be written.
    bool write(const void *bytes, size_t count) {
        if (std::fwrite(bytes, 1, count, f_) == count) return true;
        chatter("%s: %s", file_name_.c_str(), std::strerror(errno));
        close();
        return false;
    }
    void flush() {
        if (f_) std::fflush(f_);
    }

    std::string file_name_;

  private:
    bool has_task() const { return input_is_pull(0) && noutputs() == 0; }
    void close() {
        if (f_) f_ == stdout ? std::fflush(f_) : std::fclose(f_);
        f_ = nullptr;
    }

    FILE *f_ = nullptr;
    Task task_{this};
    Signal signal_;
};

} // namespace click
