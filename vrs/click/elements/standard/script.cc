/*
=c
Script(INSTRUCTIONS... [, I<keywords> TYPE])
=s control
runs instructions that control a router
=d
Each argument is an instruction; they run one after the other. Text is subject to substitution:
$VAR and ${VAR} are variables, $(HANDLER ARG…) is what a read handler says, such as $(c.count), or
one
of Script's own functions, such as $(add $x 1).

Instructions: set VAR TEXT; init VAR TEXT (once, when the router starts); export VAR [TEXT] (as
init; VAR can be read as a handler); print [>FILE|>>FILE] [TEXT|HANDLER]; printn (without a
newline); read HANDLER [ARG…] (to stderr, after its name) and write HANDLER [ARG…]; save HANDLER
FILE; append HANDLER FILE; wait TIME; wait_time TIME; pause [N], also named wait_step and wait_stop:
waits for N steps, which a driver script's stops of the router are as well; label NAME; goto NAME
[CONDITION]; loop (back to the start); return [TEXT]; error [TEXT]; stop (the router); end, exit
(this script; after exit it doesn't wait for its signal again).

Quotes in TEXT stay, but for those that print and error are given themselves: after `set x "1"`,
`print "$x"` and `print $x` print 1 and "1". setq, initq, exportq, printq, printnq, readq, writeq,
returnq and errorq take one layer of them off when all is put in.

The labels `begin`, `loop`, `end`, `stop`, `exit`, `error` may be gone to without a label
instruction.

Variables of its own: $? what the last write returned, 0 for success; $args, $1, $2, … and $# what
it was run with; $0 the handler of a PROXY, and $write whether it is written; $$ the process's
number.

Functions: add sub mul div idiv mod rem neg abs eq ne lt gt le ge not and or nand nor if in first
last nth length unquote sprintf random now cat catq kill readable writable htons htonl ntohs ntohl
min max.
=k TYPE
ACTIVE (the default): runs when the router starts. PASSIVE: runs when its run handler is called.
DRIVER: runs when the router starts; waits for the router's stop. PACKET: runs for each packet, with
$input its input; the value returned is its output. PROXY: runs when a handler is called that it
doesn't have. SIGNAL NAME…: runs when one of these signals comes.
=h run rw
Runs the script from its start; $args is what was written, $1, $2, … its words. Read: what it
returns.
=h step w
Counts as so many steps, by default one.
=h goto w
=h set w
=h get r+
=h vars r
=h status r
=a DriverManager
*/
#include "elements/standard/script.hh"

#include <algorithm>

namespace click {

bool Script::set_type(std::string_view text, Args &args) {
    std::string_view rest = text;
    const std::string word = pop_word(rest);
    ArgContext context{this, args.errh(), "TYPE"};
    static constexpr Kind kinds[] = {Kind::active, Kind::passive, Kind::driver, Kind::packet,
                                     Kind::packet, Kind::proxy,   Kind::signal};
    int type;
    if (!OneOf{{"ACTIVE", "PASSIVE", "DRIVER", "PACKET", "PUSH", "PROXY", "SIGNAL"}}(word, type,
                                                                                    context))
        return false;
    kind_ = kinds[type];
    if (kind_ != Kind::signal) return rest.empty() || (args.error("TYPE: too many words"), false);
    signals_.clear();
    while (!rest.empty()) {
        const std::string name = pop_word(rest);
        const int number = signal_number(name);
        if (number <= 0) return args.error("TYPE: bad signal '%s'", name.c_str()), false;
        signals_.push_back(number);
    }
    return !signals_.empty() || (args.error("TYPE SIGNAL: which signal?"), false);
}

int Script::configure(Args &args) {
    instructions_.clear();
    kind_ = is_driver_manager() ? Kind::driver : Kind::active;
    const auto is_type = [](const std::string &text) {
        std::string_view rest = text;
        return pop_word(rest) == "TYPE";
    };
    for (const std::string &text : args.conf())
        if (is_type(text) && !set_type(trim(std::string_view(text).substr(4)), args)) return -1;
    bool is_good = true;
    for (const std::string &text : args.conf())
        if (!text.empty() && !is_type(text)) is_good &= add_instruction(text, args);
    if (is_driver_manager() && instructions_.empty())
        instructions_.push_back({Op::wait_step, "", ""});
    instructions_.push_back({kind_ == Kind::driver ? Op::stop : Op::end, "", ""});
    return is_good && resolve_labels(args) ? 0 : -1;
}

bool Script::add_instruction(const std::string &text, Args &args) {
    struct Word {
        Op op;
        bool has_name = false, may_unquote = false;
    };
    static const std::map<std::string, Word> words = {
        {"set", {Op::set, true, true}},
        {"init", {Op::init, true, true}},
        {"export", {Op::exports, true, true}},
        {"print", {Op::print, false, true}},
        {"printn", {Op::printn, false, true}},
        {"read", {Op::read, false, true}},
        {"write", {Op::write, false, true}},
        {"save", {Op::save}},
        {"append", {Op::append}},
        {"wait_time", {Op::wait_time}},
        {"wait_for", {Op::wait_time}},
        {"wait_step", {Op::wait_step}},
        {"wait_stop", {Op::wait_step}},
        {"pause", {Op::wait_step}},
        {"stop", {Op::stop}},
        {"end", {Op::end}},
        {"exit", {Op::exit}},
        {"loop", {Op::loop}},
        {"label", {Op::label, true}},
        {"goto", {Op::jump, true}},
        {"return", {Op::returns, false, true}},
        {"error", {Op::error, false, true}},
    };
    std::string_view rest = text;
    std::string word = pop_word(rest);
    if (word == "wait") word = rest.empty() ? "wait_step" : "wait_time";
    auto found = words.find(word);
    const bool unquotes = found == words.end() && word.ends_with('q');
    if (unquotes) found = words.find(word.substr(0, word.size() - 1));
    if (found == words.end() || (unquotes && !found->second.may_unquote)) {
        args.error("syntax error at '%s'", word.c_str());
        return false;
    }
    Instruction it{found->second.op, "", "", unquotes};
    if (found->second.has_name) {
        it.name = pop_word(rest);
        if (it.name.empty()) {
            args.error("'%s' needs a name", word.c_str());
            return false;
        }
    }
    it.text = rest;
    double seconds;
    uint64_t count;
    bool is_negative, overflows;
    const bool is_known = it.text.find('$') == std::string::npos;
    if (it.op == Op::wait_time && is_known && !parse_seconds(it.text, seconds)) {
        args.error("'%s': bad time '%s'", word.c_str(), it.text.c_str());
        return false;
    }
    if (it.op == Op::wait_step && is_known && !it.text.empty() &&
        (!parse_integer(it.text, count, is_negative, overflows) || is_negative)) {
        args.error("'%s': bad count '%s'", word.c_str(), it.text.c_str());
        return false;
    }
    instructions_.push_back(std::move(it));
    return true;
}

bool Script::resolve_labels(Args &args) {
    static const std::vector<std::string> implicit = {"begin", "loop",  "end",   "stop",
                                                      "exit",  "error", "return"};
    for (Instruction &it : instructions_) {
        if (it.op != Op::jump) continue;
        for (size_t i = 0; i < instructions_.size(); i += 1)
            if (instructions_[i].op == Op::label && instructions_[i].name == it.name)
                it.target = static_cast<int>(i);
        if (it.target >= 0) continue;
        if (std::find(implicit.begin(), implicit.end(), it.name) == implicit.end()) {
            args.error("no such label '%s'", it.name.c_str());
            return false;
        }
        if (it.name == "begin" || it.name == "loop") it.target = 0;
    }
    return true;
}

int Script::initialize(ErrorHandler &errh) {
    timer_.initialize();
    for (const Instruction &it : instructions_)
        if (it.op == Op::init || it.op == Op::exports) variables_[it.name] = value(it, errh);
    if (kind_ == Kind::signal) return watch_signals(errh);
    if (kind_ == Kind::driver) router().add_stop_listener(this);
    if (kind_ == Kind::active || kind_ == Kind::driver) timer_.schedule_now();
    return 0;
}

/// Runs from the start, for the run handler, packets and signals.
std::string Script::call(const std::string &args, ErrorHandler &) {
    if (is_running_) return "";
    std::erase_if(variables_,
                  [](const auto &it) { return it.first[0] > '0' && it.first[0] <= '9'; });
    variables_["args"] = args;
    const std::vector<std::string> words = split_words(args);
    variables_["#"] = std::to_string(words.size());
    for (size_t i = 0; i < words.size(); i += 1) variables_[std::to_string(i + 1)] = words[i];
    timer_.unschedule();
    result_.clear();
    at_ = 0;
    pause_ = Pause::none;
    run();
    return result_;
}

/// A PROXY has all handlers.
const Handler *Script::missing_handler(std::string_view name) {
    if (kind_ != Kind::proxy) return nullptr;
    Handler &it = proxied_[std::string(name)];
    if (!it.name.empty()) return &it;
    it.name = name;
    const auto run = [this, name = it.name](const std::string &text, bool writes,
                                            ErrorHandler &errh) {
        variables_["0"] = name;
        variables_["write"] = to_text(writes);
        return call(text, errh);
    };
    it.read = [run](const std::string &text, ErrorHandler &errh) { return run(text, false, errh); };
    it.write = [run](const std::string &text, ErrorHandler &errh) {
        run(text, true, errh);
        return 0;
    };
    it.takes_parameter = it.is_raw = true;
    return &it;
}

void Script::push(int port, Packet *p) {
    if (kind_ != Kind::packet) return p->kill();
    FileErrorHandler errh;
    variables_["input"] = std::to_string(port);
    const std::string result = call("", errh);
    uint64_t out = 0;
    bool is_negative, overflows;
    if (!parse_integer(trim(result), out, is_negative, overflows) || is_negative) out = 0;
    checked_push(result.empty() || !is_negative ? static_cast<int>(std::min<uint64_t>(out, 1 << 20))
                                                : -1,
                 p);
}

void Script::add_handlers() {
    for (const Instruction &it : instructions_)
        if (it.op == Op::exports)
            add_read(it.name.c_str(), [this, name = it.name] { return variables_[name]; });
    add_write("step", [this](const std::string &text, ErrorHandler &errh) {
        uint64_t count = 1;
        bool is_negative, overflows;
        if (!trim(text).empty() &&
            (!parse_integer(trim(text), count, is_negative, overflows) || is_negative ||
             count > INT32_MAX))
            return errh.error("expected number of steps");
        count_steps(static_cast<int>(count));
        return 0;
    });
    add_write("goto", [this](const std::string &text, ErrorHandler &errh) {
        const std::string label(trim(text));
        for (size_t i = 0; i < instructions_.size(); i += 1) {
            if (instructions_[i].op != Op::label || instructions_[i].name != label) continue;
            timer_.unschedule();
            at_ = i;
            pause_ = Pause::none;
            run();
            return 0;
        }
        return errh.error("no such label '%s'", label.c_str());
    });
    add_write("run", [this](const std::string &text, ErrorHandler &errh) {
        call(text, errh);
        return 0;
    });
    add_read("run", [this](const std::string &text, ErrorHandler &errh) {
        return call(text, errh);
    }).is_raw = true;
    add_write("set", [this](const std::string &text, ErrorHandler &) {
        std::string_view rest = text;
        const std::string name = pop_word(rest);
        variables_[name] = unquote(rest);
        return 0;
    });
    add_read("get", [this](const std::string &name) {
        std::string value;
        look(trim(name), value);
        return value;
    });
    add_read("vars", [this] {
        std::string out;
        for (const auto &[name, value] : variables_) out += name + "\t" + value + "\n";
        return out;
    });
    add_read("status", [this] {
        static constexpr const char *words[] = {"running", "time", "step", "end"};
        return "insn " + std::to_string(at_) + "\n" + words[static_cast<int>(pause_)] + "\n";
    });
    for (const std::string &name : script_function_names())
        add_read(name.c_str(), [this, name](const std::string &text, ErrorHandler &errh) {
            std::vector<std::string> args;
            for (const std::string &word : split_words(text)) args.push_back(unquote(word));
            std::string out;
            if (!call_own(name, args, out, errh)) script_function(name, args, out, errh);
            return out;
        }).is_hidden = true;
}

} // namespace click

EXPORT_ELEMENT(Script)
