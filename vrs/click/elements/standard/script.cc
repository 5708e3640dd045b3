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

Instructions: set VAR TEXT; init VAR TEXT (once, when the router starts); print [>FILE|>>FILE]
[TEXT|HANDLER]; printn (without a newline); read HANDLER [ARG…] and write HANDLER [ARG…] (readq and
writeq print no errors); save HANDLER FILE; append HANDLER FILE; wait TIME; wait_time TIME;
wait_step
[N]; wait_stop [N]; pause (as wait_step); label NAME; goto NAME [CONDITION]; loop (back to the
start);
return [VALUE]; returnq; stop (the router); end (this script); exit; error [TEXT]; errorq.

The labels `begin`, `loop`, `end`, `stop`, `exit`, `error` may be gone to without a label
instruction.

Functions: add sub mul div idiv mod rem neg abs eq ne lt gt le ge not and or nand nor if in first
last
nth length sprintf random now cat htons htonl ntohs ntohl min max.
=k TYPE
ACTIVE (the default): runs when the router starts. PASSIVE: runs when its run handler is called.
DRIVER: runs when the router starts; waits for the router's stop. PACKET: runs for each packet, with
$input its input; the value returned is its output.
=h run rw
Runs the script from its start; $args is what was written, $1, $2, … its words. Read: what it
returns.
=h step w
Goes on after wait_step.
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

int Script::configure(Args &args) {
    instructions_.clear();
    kind_ = is_driver_manager() ? Kind::driver : Kind::active;
    for (const std::string &text : args.conf()) {
        std::string_view rest = text;
        if (pop_word(rest) == "TYPE") {
            int type;
            ArgContext context{this, args.errh(), "TYPE"};
            if (!OneOf{{"ACTIVE", "PASSIVE", "DRIVER", "PACKET", "PROXY", "PUSH"}}(rest, type,
                                                                                   context))
                return -1;
            kind_ = type == 0   ? Kind::active
                    : type == 1 ? Kind::passive
                    : type == 2 ? Kind::driver
                    : type == 4 ? Kind::passive
                                : Kind::packet;
        }
    }
    bool is_good = true;
    for (const std::string &text : args.conf())
        if (!text.starts_with("TYPE ")) is_good &= add_instruction(text, args);
    if (kind_ == Kind::driver)
        instructions_.push_back({Op::stop, "", ""});
    else
        instructions_.push_back({Op::end, "", ""});
    return is_good && resolve_labels(args) ? 0 : -1;
}

bool Script::add_instruction(const std::string &text, Args &args) {
    static const std::map<std::string, Op> ops = {
        {"set", Op::set},
        {"init", Op::init},
        {"print", Op::print},
        {"printn", Op::printn},
        {"read", Op::read},
        {"write", Op::write},
        {"readq", Op::readq},
        {"writeq", Op::writeq},
        {"save", Op::save},
        {"append", Op::append},
        {"wait_time", Op::wait_time},
        {"wait_for", Op::wait_time},
        {"wait_step", Op::wait_step},
        {"wait_stop", Op::wait_stop},
        {"pause", Op::wait_step},
        {"stop", Op::stop},
        {"end", Op::end},
        {"exit", Op::exit},
        {"loop", Op::loop},
        {"label", Op::label},
        {"goto", Op::jump},
        {"return", Op::returns},
        {"returnq", Op::returnq},
        {"error", Op::error},
        {"errorq", Op::errorq},
        {"export", Op::set},
        {"exportinit", Op::init},
    };
    std::string_view rest = text;
    std::string word = pop_word(rest);
    if (word == "wait")
        word = !rest.empty() ? "wait_time" : kind_ == Kind::driver ? "wait_stop" : "wait_step";
    const auto found = ops.find(word);
    if (found == ops.end()) {
        args.error("syntax error at '%s'", word.c_str());
        return false;
    }
    Instruction it{found->second, "", ""};
    if (it.op == Op::set || it.op == Op::init || it.op == Op::label || it.op == Op::jump) {
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
    if (it.op == Op::wait_time && it.text.find('$') == std::string::npos &&
        !parse_seconds(it.text, seconds)) {
        args.error("'%s': bad time '%s'", word.c_str(), it.text.c_str());
        return false;
    }
    if ((it.op == Op::wait_step || it.op == Op::wait_stop) && !it.text.empty() &&
        it.text.find('$') == std::string::npos &&
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
        if (it.op == Op::init) variables_[it.name] = unquote(expand(it.text, errh));
    if (kind_ == Kind::driver) router().add_stop_listener(this);
    if (kind_ == Kind::active || kind_ == Kind::driver) timer_.schedule_now();
    return 0;
}

/// Runs from the start, for the run handler and for packets.
std::string Script::call(const std::string &args, ErrorHandler &) {
    if (is_running_) return "";
    variables_["args"] = args;
    const std::vector<std::string> words = split_words(args);
    for (size_t i = 0; i < words.size(); i += 1) variables_[std::to_string(i + 1)] = words[i];
    timer_.unschedule();
    result_.clear();
    at_ = 0;
    pause_ = Pause::none;
    run();
    return result_;
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
    add_write("step", [this](const std::string &text, ErrorHandler &) {
        uint64_t count = 1;
        bool is_negative, overflows;
        if (!trim(text).empty()) parse_integer(trim(text), count, is_negative, overflows);
        steps_there_ += static_cast<int>(count);
        if (pause_ != Pause::step || steps_there_ < steps_wanted_) return 0;
        steps_there_ -= static_cast<int>(steps_wanted_);
        pause_ = Pause::none;
        run();
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
        static constexpr const char *words[] = {"running", "time", "step", "stop", "end"};
        return "insn " + std::to_string(at_) + "\n" + words[static_cast<int>(pause_)] + "\n";
    });
    for (const std::string &name : script_function_names())
        add_read(name.c_str(), [name](const std::string &text, ErrorHandler &errh) {
            std::vector<std::string> args;
            for (const std::string &word : split_words(text)) args.push_back(unquote(word));
            std::string out;
            script_function(name, args, out, errh);
            return out;
        }).is_hidden = true;
}

} // namespace click

EXPORT_ELEMENT(Script)
