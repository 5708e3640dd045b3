// cppvr: a virtual router under lvrm. This file is its main loop.
#include <sys/prctl.h>

#include <cstdio>

#include "control.hh"
#include "lvrm_host.hh"
#include "relay.hh"
#include "service.hh"

namespace cppvr {
namespace {

constexpr int exit_usage = 2;
constexpr int exit_configuration = 3;
constexpr int exit_host = 4;
constexpr size_t batch_frames = 64;
// Events of one pass: a snapshot of many routes must not keep frames waiting for long.
constexpr int max_events_per_pass = 256;
// Reading the clock costs as much as routing some frames; while frames come without a pause, one
// reading serves this many passes, less than a millisecond.
constexpr uint32_t passes_per_clock = 64;
constexpr uint32_t idle_wait_ms = 1000;
constexpr uint32_t waiting_wait_ms = 20; // while frames wait for next hops

int fail(int code, const std::string &message) {
    std::fprintf(stderr, "cppvr: %s\n", message.c_str());
    return code;
}

std::string describe(const PortName &name) {
    return name.vlan == LVRM_NO_VLAN ? name.interface
                                     : name.interface + ":" + std::to_string(name.vlan);
}

class Program {
  public:
    Program(lvrm_vr *vr, const CommandLine &line)
        : vr_(vr), line_(line), host_(vr), output_(host_), router_(*vr, tables_, output_, host_),
          control_(tables_, router_, line.routes), relaying_(output_) {
        if (line.service_rate_fps) service_.emplace(*line.service_rate_fps, line.is_paced);
        if (line.is_paced) prctl(PR_SET_TIMERSLACK, 1UL); // short sleeps stay short
    }

    /// Until lvrm says stop, or is gone. Returns the exit code.
    int run() {
        now_ns_ = monotonic_ns();
        uint32_t passes = 0;
        while (lvrm_vr_alive(vr_)) {
            passes += 1;
            if (passes % passes_per_clock == 0) now_ns_ = monotonic_ns();
            const bool is_busy = take_events();
            if (control_.is_stopping()) return stop();
            if (control_.is_synchronised() && !is_ready_) {
                if (const int code = get_ready()) return code;
            }
            lvrm_frame frames[batch_frames];
            const size_t due = service_ ? due_frames() : batch_frames;
            const size_t count = due == 0 ? 0 : lvrm_vr_receive(vr_, frames, due);
            if (service_) service_->served(count, due, now_ns_);
            if (count > 0 && line_.is_paced) lvrm_vr_add_busy(vr_, service_->time_ns(count));
            if (line_.relay)
                relaying_.relay({frames, count});
            else
                router_.route({frames, count}, now_ns_);
            const bool are_waiting = tables_.neighbours.waiting_hops() > 0;
            if (are_waiting) {
                now_ns_ = monotonic_ns();
                router_.tick(now_ns_);
            }
            output_.flush();
            if (due == 0) {
                serve();
            } else if (!is_busy && count == 0) {
                const uint64_t waits_since_ns = now_ns_;
                lvrm_vr_wait(vr_, are_waiting ? waiting_wait_ms : idle_wait_ms);
                now_ns_ = monotonic_ns();
                if (service_) service_->start(waits_since_ns, now_ns_);
            }
        }
        return 0;
    }

  private:
    size_t due_frames() {
        now_ns_ = monotonic_ns();
        return service_->due(now_ns_, batch_frames);
    }

    /// No frame's service has ended: time passes, and is slept where it is not burnt.
    void serve() {
        if (service_->burns()) return;
        const timespec pause{0, service_->sleep_ns()};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
    }

    bool take_events() {
        alignas(8) uint8_t payload[LVRM_MAX_EVENT_BYTES];
        lvrm_event_header header;
        int taken = 0;
        while (taken < max_events_per_pass && lvrm_vr_receive_event(vr_, &header, payload)) {
            if (taken == 0) now_ns_ = monotonic_ns();
            control_.take(header, payload, now_ns_);
            taken += 1;
        }
        if (taken > 0 && line_.relay) connect_relay();
        return taken > 0;
    }

    void connect_relay() {
        relaying_.connect(tables_.find_port(line_.relay->a), tables_.find_port(line_.relay->b));
    }

    /// After the first snapshot: checks that the options' ports exist, and asks for frames.
    int get_ready() {
        std::vector<PortName> named;
        for (const StaticRoute &route : line_.routes) named.push_back(route.port);
        if (line_.relay) named = {line_.relay->a, line_.relay->b};
        uint64_t ports[4] = {};
        for (const PortName &name : named) {
            const uint8_t port = tables_.find_port(name);
            if (port == LVRM_NO_PORT)
                return fail(exit_configuration,
                            "'" + describe(name) + "' is no port of lvrm: " +
                                "name it with --interface, or correct " +
                                (line_.relay ? "--relay" : "--route"));
            ports[port / 64] |= uint64_t{1} << port % 64;
        }
        if (line_.relay)
            lvrm_vr_ready(vr_, LVRM_WANTS_NEIGHBOUR_FRAMES | LVRM_WANTS_PROMISCUOUS, ports);
        else
            lvrm_vr_ready(vr_, 0, nullptr);
        is_ready_ = true;
        return 0;
    }

    int stop() {
        router_.drop_waiting();
        output_.flush();
        return 0;
    }

    lvrm_vr *vr_;
    const CommandLine &line_;
    LvrmHost host_;
    Output output_;
    Tables tables_;
    Router router_;
    Control control_;
    Relaying relaying_;
    std::optional<Service> service_;
    bool is_ready_ = false;
    uint64_t now_ns_ = 0; // monotonic, some passes old at most
};

int run(int argc, char **argv) {
    const auto line = parse_command_line({argv + 1, static_cast<size_t>(argc > 0 ? argc - 1 : 0)});
    if (!line) return fail(exit_usage, line.error());
    if (line->wants_help) return std::fputs(help_text, stdout) < 0;
    if (line->wants_version) return std::printf("cppvr %s\n", LVRM_VERSION) < 0;
    lvrm_vr *vr = lvrm_vr_attach();
    if (!vr) return fail(exit_host, std::string(lvrm_vr_error()));
    static Program program(vr, *line); // its tables are too large for a stack
    return program.run();
}

} // namespace
} // namespace cppvr

int main(int argc, char **argv) { return cppvr::run(argc, argv); }
