// What hosted.hh declares: the life of a Click VRI.
#include "hosted.hh"

#include <algorithm>
#include <cstdio>

#include "load.hh"
#include "lvrm_handlers.hh"

namespace click {

namespace {

constexpr int exit_configuration = 3;
constexpr int exit_host = 4;
constexpr uint32_t idle_wait_ms = 1000;
// A VRI that starts waits for what its siblings know: frames of their flows may come.
constexpr int64_t silence_ns = 20'000'000; // then it has none
constexpr int64_t longest_tale_ns = 200'000'000;

Hosted *the_hosted = nullptr;

/// Classes that are of no use without ARP or neighbour discovery.
bool wants_neighbours(const Router &router) {
    static const char *const classes[] = {"ARPQuerier",     "ARPResponder", "ARPFaker",
                                          "ARPPrint",       "ARPTable",     "IP6NDSolicitor",
                                          "IP6NDAdvertiser"};
    for (const auto &it : router.elements())
        for (const char *name : classes)
            if (std::string_view(it->class_name()) == name) return true;
    return false;
}

int fail(int code, const std::string &message) {
    std::fprintf(stderr, "clickvr: %s\n", message.c_str());
    return code;
}

} // namespace

Hosted::~Hosted() {
    end();
    the_hosted = nullptr;
}

void Hosted::end() {
    prepared_.reset();
    router_.reset();
}

bool Hosted::check_ports(ErrorHandler &errh) const {
    std::string missing;
    if (hub_.has_ports(missing)) return true;
    errh.error("'%s' is no port of lvrm: name it with --interface, or correct the configuration",
               missing.c_str());
    return false;
}

/// What the `hotconfig` handler of a router calls, as `prepare` does.
std::unique_ptr<Router> Hosted::make(const std::string &text, Router &old, ErrorHandler &errh) {
    hub_.begin_staging();
    siblings_.begin_staging();
    std::unique_ptr<Router> made = reload(text, old, errh);
    if (made && !check_ports(errh)) made.reset();
    hub_.end_staging();
    siblings_.end_staging();
    return made;
}

bool Hosted::start(const std::string &text, const std::string &file,
                   const std::map<std::string, std::string> &parameters, ErrorHandler &errh) {
    the_hosted = this;
    router_ = load(text, file, parameters, errh);
    if (!router_) return false;
    router_->make_replacement = [](const std::string &changed, Router &old, ErrorHandler &to) {
        the_hosted->prepared_.reset(); // one at a time is staged
        return the_hosted->make(changed, old, to);
    };
    if (!router_->initialize(errh) || !check_ports(errh)) return false;
    siblings_.greet();
    started_ns_ = steady_ns();
    return true;
}

bool Hosted::may_be_ready() const {
    const int64_t limit_ns = siblings_.has_heard() ? longest_tale_ns : silence_ns;
    return siblings_.is_told() || steady_ns() - started_ns_ > limit_ns;
}

void Hosted::get_ready() { hub_.get_ready(wants_neighbours(*router_)); }

bool Hosted::prepare(const std::string &text, ErrorHandler &errh) {
    prepared_.reset();
    router_->replacement.reset();
    prepared_ = make(text, *router_, errh);
    return prepared_ != nullptr;
}

void Hosted::take(std::unique_ptr<Router> next) {
    FileErrorHandler errh;
    next->take_over(*router_, errh);
    // The old one goes first: what it holds still is lost then, and nothing else finds it.
    router_ = std::move(next);
    hub_.take_staged();
    siblings_.take_staged();
    get_ready();
}

bool Hosted::commit() {
    if (!prepared_) return false;
    take(std::move(prepared_));
    return true;
}

void Hosted::replace_if_asked() {
    if (router_->replacement) take(std::move(router_->replacement));
}

int run_hosted(const std::string &file, const std::map<std::string, std::string> &parameters,
               DummyLoad dummy) {
    FileErrorHandler errh;
    std::string text;
    if (!read_file(file, text, errh)) return exit_configuration;
    lvrm_vr *vr = lvrm_vr_attach();
    if (!vr) return fail(exit_host, lvrm_vr_error());
    static std::unique_ptr<LvrmHandlers> handlers;
    static std::unique_ptr<LvrmHub> hub; // too large for a stack
    hub = std::make_unique<LvrmHub>(vr, [](std::string_view part) { handlers->receive(part); });
    Hosted hosted(vr, *hub);
    handlers = std::make_unique<LvrmHandlers>(vr, hosted);
    // Names of interfaces in the configuration mean ports: they must be known first.
    while (!hub->is_synchronised()) {
        if (!lvrm_vr_alive(vr) || !hub->take_events()) return 0;
        if (!hub->is_synchronised()) lvrm_vr_wait(vr, idle_wait_ms);
    }
    const bool is_newer = handlers->has_adopted();
    if (!hosted.start(is_newer ? handlers->adopted() : text, is_newer ? "hotconfig" : file,
                      parameters, errh))
        return exit_configuration;
    while (!hosted.may_be_ready()) {
        if (!lvrm_vr_alive(vr) || !hub->take_events()) return 0;
        if (hosted.siblings().flush()) lvrm_vr_wait(vr, 1);
    }
    Packet::warm_up();
    hosted.get_ready();
    while (lvrm_vr_alive(vr)) {
        hub->fetch(dummy.due(Batch::capacity));
        const bool goes_on = hub->take_events();
        if (handlers->has_failed()) return exit_configuration;
        const uint32_t received = hub->take_frames();
        Driver &driver = hosted.router()->driver();
        const bool has_worked = driver.pass(0);
        hub->flush();
        bool has_told = hosted.siblings().flush();
        has_told &= handlers->flush();
        if (!goes_on) break;
        hosted.replace_if_asked();
        if (const uint64_t ns = dummy.hidden_ns(received)) lvrm_vr_add_busy(vr, ns);
        if (dummy.served(received)) continue;
        if (received || has_worked || hosted.router()->driver().has_tasks()) continue;
        const int64_t timer_ns = hosted.router()->driver().ns_to_timer();
        uint32_t wait_ms = has_told ? idle_wait_ms : 1;
        if (timer_ns >= 0) wait_ms = std::min(wait_ms, static_cast<uint32_t>(timer_ns / 1'000'000));
        if (wait_ms > 0) lvrm_vr_wait(vr, wait_ms);
        dummy.waited();
    }
    hosted.end();
    hub->flush();
    return 0;
}

} // namespace click
