// lvrm-click: stands in for the click command, and is the VR behind clickvr:FILE.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>
#include <unistd.h>

#include "hosted.hh"
#include "load.hh"

namespace click {
namespace {

constexpr char usage[] =
    R"(Usage: lvrm click [OPTION]... [VAR=VALUE]... [FILE]

Runs a router configuration in the Click language, from FILE or standard input.

  -f, --file FILE               read the configuration from FILE
  -e, --expression TEXT         the configuration is TEXT
  -h, --handler ELEMENT.HANDLER after the run, print what the read handler says (repeatable;
                                ELEMENT may be *)
  -x, --exit-handler ELEMENT.HANDLER
                                exit 0 when this read handler says true, 1 when it says false
  -o, --output FILE             write the flattened configuration to FILE (-: standard output)
  -q, --quit                    don't run the router
  -t, --time                    print the time that the run took
  -w, --no-warnings             don't print warnings
  -R, --allow-reconfigure       the hotconfig handler replaces the running configuration
      --simtime                 run in simulated time
      --check                   parse and configure only; exit 1 on errors
      --help                    print this
      --version                 print the version

As a virtual router: lvrm --vr 10.0.1.0/24=clickvr:FILE
)";

struct Options {
    std::string file, expression, output, exit_handler;
    std::vector<std::string> handlers;
    std::map<std::string, std::string> parameters;
    bool has_file = false, has_expression = false, has_output = false;
    bool is_quitting = false, is_timed = false, is_quiet = false, can_reconfigure = false;
    bool is_simulated = false, is_check = false, is_vr = false;
    int exit_code = -1; // when there is nothing more to do
};

int refuse(const std::string &message) {
    std::fprintf(stderr, "click: %s\nTry 'click --help' for more information.\n", message.c_str());
    return 1;
}

bool is_parameter(std::string_view word) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == std::string_view::npos) return false;
    for (const char c : word.substr(0, equals))
        if (!is_word_char(c)) return false;
    return true;
}

struct Flag {
    char letter;
    const char *name;
    bool takes_value;
};
constexpr Flag flags[] = {
    {'f', "file", true},
    {'e', "expression", true},
    {'h', "handler", true},
    {'x', "exit-handler", true},
    {'o', "output", true},
    {'q', "quit", false},
    {'t', "time", false},
    {'w', "no-warnings", false},
    {'R', "allow-reconfigure", false},
    {'S', "simtime", false},
    {'C', "check", false},
    {'V', "vr", false},
    {'?', "help", false},
    {'v', "version", false},
    {'j', "threads", true},
    {'\0', "simulation-time", false},
};

void apply(Options &options, const Flag &flag, const std::string &value) {
    switch (flag.letter) {
    case 'f':
    case 'e':
        if (options.has_file || options.has_expression)
            options.exit_code = refuse("router configuration specified twice");
        (flag.letter == 'f' ? options.file : options.expression) = value;
        (flag.letter == 'f' ? options.has_file : options.has_expression) = true;
        break;
    case 'h': options.handlers.push_back(value); break;
    case 'x': options.exit_handler = value; break;
    case 'o':
        options.output = value;
        options.has_output = true;
        break;
    case 'q': options.is_quitting = true; break;
    case 't': options.is_timed = true; break;
    case 'w': options.is_quiet = true; break;
    case 'R': options.can_reconfigure = true; break;
    case 'S':
    case '\0': options.is_simulated = true; break;
    case 'C': options.is_check = true; break;
    case 'V': options.is_vr = true; break;
    case '?':
        std::fputs(usage, stdout);
        options.exit_code = 0;
        break;
    case 'v':
        std::printf("click (lvrm) %s\n", LVRM_VERSION);
        options.exit_code = 0;
        break;
    default: break; // -j: one thread it is
    }
}

/// "-qh x.y", "--output=FILE", "VAR=value", FILE.
Options parse(int argc, char **argv) {
    Options options;
    bool is_only_files = false;
    for (int i = 1; i < argc && options.exit_code < 0; i += 1) {
        const std::string word = argv[i];
        const auto value = [&](std::string attached, const std::string &name) {
            if (!attached.empty()) return attached;
            if (i + 1 < argc) return std::string(argv[++i]);
            options.exit_code = refuse("option '" + name + "' requires an argument");
            return std::string();
        };
        if (is_only_files || word.size() < 2 || word[0] != '-') {
            if (!is_only_files && is_parameter(word)) {
                const size_t equals = word.find('=');
                options.parameters[word.substr(0, equals)] = word.substr(equals + 1);
            } else {
                apply(options, flags[0], word);
            }
        } else if (word == "--") {
            is_only_files = true;
        } else if (word[1] == '-') {
            const size_t equals = word.find('=');
            const std::string name = word.substr(2, equals - 2);
            const Flag *found = nullptr;
            for (const Flag &it : flags)
                if (name == it.name) found = &it;
            if (!found) {
                options.exit_code = refuse("unrecognized option '" + word + "'");
            } else if (found->takes_value) {
                const std::string it =
                    value(equals == std::string::npos ? "" : word.substr(equals + 1), word);
                if (options.exit_code < 0) apply(options, *found, it);
            } else {
                apply(options, *found, "");
            }
        } else {
            for (size_t c = 1; c < word.size() && options.exit_code < 0; c += 1) {
                const Flag *found = nullptr;
                for (const Flag &it : flags)
                    if (it.letter == word[c] &&
                        std::string_view("SCV?v").find(word[c]) == std::string_view::npos)
                        found = &it;
                if (!found) {
                    options.exit_code =
                        refuse(std::string("unrecognized option '-") + word[c] + "'");
                } else if (found->takes_value) {
                    const std::string it = value(word.substr(c + 1), word.substr(0, 2));
                    if (options.exit_code < 0) apply(options, *found, it);
                    break;
                } else {
                    apply(options, *found, "");
                }
            }
        }
    }
    return options;
}

bool write_flat(const Options &options, const FlatConfiguration &flat, ErrorHandler &errh) {
    const bool is_stdout = options.output == "-";
    FILE *f = is_stdout ? stdout : std::fopen(options.output.c_str(), "wb");
    const std::string text = flat.text();
    const bool is_written = f && std::fwrite(text.data(), 1, text.size(), f) == text.size();
    if (!is_written) errh.error("%s: can't write", options.output.c_str());
    if (f && !is_stdout) std::fclose(f);
    return is_written;
}

/// Prints "ELEMENT.HANDLER:" and the text, or the text alone when it is the only one asked for.
bool print_handlers(Router &router, const Options &options, ErrorHandler &errh) {
    std::vector<std::string> names;
    for (const std::string &it : options.handlers) {
        if (!it.starts_with("*.")) {
            names.push_back(it);
            continue;
        }
        for (const auto &element : router.elements()) {
            const Handler *handler = element->find_handler(it.substr(2));
            if (handler && handler->read) names.push_back(element->name() + it.substr(1));
        }
    }
    bool is_good = true;
    const bool has_names = names.size() > 1 || options.handlers.size() > 1 ||
                           (!options.handlers.empty() && options.handlers[0][0] == '*');
    for (const std::string &name : names) {
        HandlerCall call;
        if (!call.parse(name, nullptr, router, false, errh)) {
            is_good = false;
            continue;
        }
        std::string text = call.read(errh);
        if (!call.handler->is_raw && !text.empty() && text.back() != '\n') text += '\n';
        if (has_names) std::printf("%s:\n", name.c_str());
        std::fwrite(text.data(), 1, text.size(), stdout);
        if (has_names) std::printf("\n");
    }
    std::fflush(stdout);
    return is_good;
}

Router *running = nullptr;

void on_signal(int) {
    if (running) running->please_stop();
    // A second one ends the process, whatever it does.
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

void print_time(const rusage &before, int64_t started_ns) {
    rusage after;
    getrusage(RUSAGE_SELF, &after);
    const auto ms = [](const timeval &a, const timeval &b) {
        return (b.tv_sec - a.tv_sec) * 1000 + (b.tv_usec - a.tv_usec) / 1000;
    };
    const long user = ms(before.ru_utime, after.ru_utime);
    const long system = ms(before.ru_stime, after.ru_stime);
    const long total = static_cast<long>((steady_ns() - started_ns) / 10'000'000);
    std::printf("%ld.%03ldu %ld.%03lds %ld:%02ld.%02ld\n", user / 1000, user % 1000, system / 1000,
                system % 1000, total / 6000, total / 100 % 60, total % 100);
}

int exit_by_handler(Router &router, const std::string &name, ErrorHandler &errh) {
    HandlerCall call;
    if (!call.parse(name, nullptr, router, false, errh)) return 1;
    const std::string text(trim(call.read(errh)));
    bool is_true;
    uint64_t code;
    bool is_negative, overflows;
    if (parse_integer(text, code, is_negative, overflows) && !is_negative && code > 1)
        return static_cast<int>(code & 255);
    if (parse_bool(text, is_true)) return is_true ? 0 : 1;
    errh.error("exit handler value should be integer");
    return 1;
}

int run(int argc, char **argv) {
    const Options options = parse(argc, argv);
    if (options.exit_code >= 0) return options.exit_code;
    if (options.is_vr) return run_hosted(options.file, options.parameters);
    FileErrorHandler errh;
    errh.is_quiet_about_warnings = options.is_quiet;
    std::string text = options.expression, name = "config";
    if (!options.has_expression) {
        if (!read_file(options.file, text, errh)) return 1;
        name = options.file.empty() || options.file == "-" ? "<stdin>" : options.file;
    }
    if (options.is_simulated) Clock::simulate();
    auto router = load(text, name, options.parameters, errh);
    if (!router) return 1;
    if (options.can_reconfigure) router->make_replacement = reload;
    if (options.is_check) return router->check(errh) ? 0 : 1;
    if (!router->initialize(errh)) return 1;
    if (options.has_output && !write_flat(options, router->flat(), errh)) return 1;
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    rusage before;
    getrusage(RUSAGE_SELF, &before);
    const int64_t started_ns = steady_ns();
    while (!options.is_quitting) {
        running = router.get();
        router->driver().run(*router);
        if (!router->replacement) break;
        auto next = std::move(router->replacement);
        next->take_over(*router, errh);
        router = std::move(next);
    }
    std::fflush(stdout);
    if (options.is_timed) print_time(before, started_ns);
    int code = print_handlers(*router, options, errh) ? 0 : 1;
    if (!options.exit_handler.empty()) code = exit_by_handler(*router, options.exit_handler, errh);
    running = nullptr;
    return code;
}

} // namespace
} // namespace click

int main(int argc, char **argv) { return click::run(argc, argv); }
