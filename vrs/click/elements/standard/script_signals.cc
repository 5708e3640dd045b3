// Script's signals: TYPE SIGNAL, and the kill function's names.
#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>

#include "elements/standard/script.hh"
#include "port_hub.hh"

namespace click {

namespace {

sigset_t make_set(const std::vector<int> &signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int it : signals) sigaddset(&set, it);
    return set;
}

} // namespace

int signal_number(std::string_view name) {
    static constexpr struct {
        const char *name;
        int number;
    } known[] = {{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"USR1", SIGUSR1},
                 {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"ALRM", SIGALRM}, {"PIPE", SIGPIPE},
                 {"CHLD", SIGCHLD}, {"CONT", SIGCONT}, {"KILL", SIGKILL}, {"STOP", SIGSTOP},
                 {"WINCH", SIGWINCH}};
    if (name.starts_with("SIG")) name.remove_prefix(3);
    for (const auto &it : known)
        if (name == it.name) return it.number;
    uint64_t number;
    bool is_negative, overflows;
    const bool is_number = parse_integer(name, number, is_negative, overflows) && !is_negative;
    return is_number && number < NSIG ? static_cast<int>(number) : 0;
}

/// The signals come by a descriptor, between packets.
int Script::watch_signals(ErrorHandler &errh) {
    if (port_hub) return errh.error("TYPE SIGNAL: a VRI's signals are lvrm's");
    const sigset_t set = make_set(signals_);
    signal_fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signal_fd_ < 0) return errh.error("can't wait for signals");
    sigprocmask(SIG_BLOCK, &set, nullptr);
    router().driver().add_select(signal_fd_, Driver::select_read, this);
    return 0;
}

void Script::ignore_signals() {
    if (signal_fd_ < 0) return;
    const sigset_t set = make_set(signals_);
    router().driver().remove_select(signal_fd_, Driver::select_read, this);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    close(signal_fd_);
    signal_fd_ = -1;
}

void Script::selected(int, int) {
    signalfd_siginfo came;
    FileErrorHandler errh;
    while (signal_fd_ >= 0 && read(signal_fd_, &came, sizeof came) == sizeof came)
        call(std::to_string(came.ssi_signo), errh);
}

} // namespace click
