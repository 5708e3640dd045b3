// How Script runs: instructions, expressions. script.cc has the manual, and reads the instructions.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <unistd.h>

#include "elements/standard/script.hh"
#include "substitute.hh"

namespace click {

namespace {

constexpr int max_jumps = 1'000'000; // without a pause
constexpr int max_depth = 64;        // of expressions in each other

} // namespace

void Script::run_timer(Timer *) {
    if (pause_ == Pause::time) pause_ = Pause::none;
    run();
}

void Script::count_steps(int steps) {
    steps_there_ += steps;
    if (pause_ != Pause::step || steps_there_ < steps_wanted_) return;
    steps_there_ -= steps_wanted_;
    pause_ = Pause::none;
    run();
}

bool Script::stopped() {
    if (pause_ == Pause::finished) return false;
    count_steps(1);
    return true; // a stop in there asks again
}

void Script::run() {
    if (is_running_) return;
    is_running_ = true;
    FileErrorHandler errh;
    for (int jumps = 0; pause_ == Pause::none; jumps += 1) {
        if (jumps > max_jumps) {
            chatter("too many instructions without a pause, giving up");
            pause_ = Pause::finished;
        } else if (at_ >= instructions_.size() || !step(errh)) {
            pause_ = Pause::finished;
        }
    }
    is_running_ = false;
}

/// One instruction; false at the end.
bool Script::step(ErrorHandler &errh) {
    const Instruction &it = instructions_[at_++];
    const auto number = [&] {
        uint64_t value = 1;
        bool is_negative, overflows;
        if (!it.text.empty())
            parse_integer(trim(expand(it.text, errh)), value, is_negative, overflows);
        return static_cast<int64_t>(value);
    };
    switch (it.op) {
    case Op::set: variables_[it.name] = value(it, errh); break;
    case Op::init:
    case Op::exports:
    case Op::label: break;
    case Op::print: print(it, true, errh); break;
    case Op::printn: print(it, false, errh); break;
    case Op::read: call_handler(it, false, errh); break;
    case Op::write: call_handler(it, true, errh); break;
    case Op::save: save(it, false, errh); break;
    case Op::append: save(it, true, errh); break;
    case Op::wait_time: {
        double seconds = 0;
        if (!parse_seconds(trim(expand(it.text, errh)), seconds)) errh.error("bad time");
        pause_ = Pause::time;
        timer_.schedule_after(Timestamp::seconds(seconds));
        break;
    }
    case Op::wait_step:
        steps_wanted_ = number();
        pause_ = Pause::step;
        count_steps(0); // what came before it counts
        break;
    case Op::stop:
        pause_ = Pause::finished;
        router().please_stop();
        return false;
    case Op::exit: ignore_signals(); return false;
    case Op::end: return false;
    case Op::loop: at_ = 0; break;
    case Op::jump: return jump(it, errh);
    case Op::returns: result_ = value(it, errh); return false;
    case Op::error: {
        const std::string text = unquote(expand(it.text, errh, 0, !it.unquotes));
        if (!text.empty()) errh.error("%s", text.c_str());
        return false;
    }
    }
    return true;
}

bool Script::jump(const Instruction &it, ErrorHandler &errh) {
    if (!it.text.empty()) {
        bool holds = false;
        const std::string condition(trim(expand(it.text, errh)));
        if (!parse_bool(condition, holds)) {
            errh.error("bad condition '%s'", condition.c_str());
            return true;
        }
        if (!holds) return true;
    }
    if (it.target >= 0) return at_ = static_cast<size_t>(it.target), true;
    if (it.name == "stop") router().please_stop();
    if (it.name == "exit") ignore_signals();
    return false;
}

void Script::print(const Instruction &it, bool has_newline, ErrorHandler &errh) {
    std::string_view rest = it.text;
    std::string file;
    bool appends = false;
    if (rest.starts_with(">")) {
        appends = rest.starts_with(">>");
        rest = trim(rest.substr(appends ? 2 : 1));
        file = unquote(expand(pop_word(rest), errh));
    }
    std::string text;
    if (!rest.empty() && is_word_start(rest[0])) {
        HandlerCall call;
        if (!call.parse(expand(rest, errh), this, router(), false, errh)) return;
        text = call.read(errh);
    } else {
        text = unquote(expand(rest, errh, 0, !it.unquotes));
    }
    if (has_newline && (text.empty() || text.back() != '\n')) text += '\n';
    FILE *f = stdout;
    if (!file.empty() && file != "-") {
        // ">" starts the file anew, once in a run.
        const bool is_known = written_files_[file];
        written_files_[file] = true;
        f = std::fopen(file.c_str(), appends || is_known ? "ab" : "wb");
    }
    if (!f) {
        errh.error("%s: can't write", file.c_str());
        return;
    }
    std::fwrite(text.data(), 1, text.size(), f);
    f == stdout ? std::fflush(f) : std::fclose(f);
}

void Script::call_handler(const Instruction &it, bool writes, ErrorHandler &errh) {
    std::string_view rest = it.text;
    const std::string name = unquote(expand(pop_word(rest), errh));
    HandlerCall call;
    if (!call.parse(name, this, router(), writes, errh)) {
        variables_["?"] = std::to_string(-EINVAL);
        return;
    }
    call.value = expand(rest, errh);
    if (it.unquotes) call.value = unquote(call.value);
    if (writes) {
        ContextErrorHandler context(errh, "While calling '" + name + "':");
        variables_["?"] = std::to_string(call.write(call.value, context));
    } else {
        const std::string text = call.read(errh);
        FileErrorHandler(2).message("%s:\n%s", name.c_str(), text.c_str());
    }
}

void Script::save(const Instruction &it, bool appends, ErrorHandler &errh) {
    std::string_view rest = it.text;
    HandlerCall call;
    if (!call.parse(pop_word(rest), this, router(), false, errh)) return;
    const std::string file = unquote(expand(rest, errh));
    const std::string text = call.read(errh);
    FILE *f = file == "-" ? stdout : std::fopen(file.c_str(), appends ? "ab" : "wb");
    if (!f) {
        errh.error("%s: can't write", file.c_str());
        return;
    }
    std::fwrite(text.data(), 1, text.size(), f);
    f == stdout ? std::fflush(f) : std::fclose(f);
}

/// Functions that ask the router.
bool Script::call_own(const std::string &name, const std::vector<std::string> &args,
                      std::string &out, ErrorHandler &) {
    if (name != "readable" && name != "writable") return false;
    SilentErrorHandler silent;
    bool all = true;
    for (const std::string &it : args) {
        HandlerCall call;
        all &= call.parse(it, this, router(), name == "writable", silent);
    }
    out = to_text(all);
    return true;
}

bool Script::look(std::string_view name, std::string &value) const {
    if (name == "$") return value = std::to_string(getpid()), true;
    if (name == "?" && !variables_.contains(name)) return value = "0", true;
    if (name == "#" && !variables_.contains(name)) return value = "0", true;
    const auto it = variables_.find(name);
    // Arguments that weren't given are empty.
    const bool is_argument = name == "args" || (!name.empty() && name[0] >= '0' && name[0] <= '9');
    if (it == variables_.end()) return is_argument ? value.clear(), true : false;
    value = it->second;
    return true;
}

std::string Script::value(const Instruction &it, ErrorHandler &errh) {
    const std::string text = expand(it.text, errh);
    return it.unquotes ? unquote(text) : text;
}

std::string Script::expand(std::string_view text, ErrorHandler &errh, int depth,
                           bool quotes_values) {
    return substitute(
        text, [this](std::string_view name, std::string &value) { return look(name, value); },
        {[&](std::string_view inside) { return evaluate(inside, errh, depth + 1); },
         quotes_values});
}

std::string Script::evaluate(std::string_view inside, ErrorHandler &errh, int depth) {
    if (depth > max_depth) {
        errh.error("expression nested too deeply");
        return "";
    }
    const std::string expanded = expand(inside, errh, depth);
    std::string_view rest = expanded;
    const std::string name = pop_word(rest);
    std::vector<std::string> args;
    for (const std::string &word : split_words(rest)) args.push_back(unquote(word));
    std::string out;
    if (call_own(name, args, out, errh) || script_function(name, args, out, errh)) return out;
    HandlerCall call;
    if (const Handler *own = find_handler(name); own && own->read) {
        call.handler = own;
    } else if (!call.parse(name, this, router(), false, errh)) {
        return "";
    }
    call.value = rest;
    out = call.read(errh);
    while (!call.handler->is_raw && !out.empty() && out.back() == '\n') out.pop_back();
    return out;
}

} // namespace click
