// How Script runs: instructions, expressions. script.cc has the manual, and reads the instructions.
#include <algorithm>
#include <cstdio>

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

bool Script::stopped() {
    if (pause_ == Pause::finished) return false;
    steps_there_ += 1;
    if (pause_ != Pause::stop) return pause_ != Pause::finished;
    if (steps_there_ < steps_wanted_) return true;
    steps_there_ = 0;
    pause_ = Pause::none;
    run();
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
    case Op::set: variables_[it.name] = unquote(expand(it.text, errh)); break;
    case Op::init:
    case Op::label: break;
    case Op::print: print(it, true, errh); break;
    case Op::printn: print(it, false, errh); break;
    case Op::read:
    case Op::readq: call_handler(it, false, it.op == Op::readq, errh); break;
    case Op::write:
    case Op::writeq: call_handler(it, true, it.op == Op::writeq, errh); break;
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
    case Op::wait_stop:
        steps_wanted_ = number();
        // What came before it counts.
        if (steps_there_ >= steps_wanted_) {
            steps_there_ -= static_cast<int>(steps_wanted_);
            break;
        }
        pause_ = it.op == Op::wait_step ? Pause::step : Pause::stop;
        break;
    case Op::pause: break;
    case Op::stop:
    case Op::exit:
        pause_ = Pause::finished;
        router().please_stop();
        return false;
    case Op::end: return false;
    case Op::loop: at_ = 0; break;
    case Op::jump: return jump(it, errh);
    case Op::returns:
    case Op::returnq: result_ = unquote(expand(it.text, errh)); return false;
    case Op::error:
    case Op::errorq: {
        const std::string text = unquote(expand(it.text, errh));
        if (it.op == Op::error && !text.empty()) errh.error("%s", text.c_str());
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
    if (it.name == "stop" || it.name == "exit") router().please_stop();
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
        text = unquote(expand(rest, errh));
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

void Script::call_handler(const Instruction &it, bool writes, bool is_quiet, ErrorHandler &errh) {
    SilentErrorHandler silent;
    ErrorHandler &to = is_quiet ? static_cast<ErrorHandler &>(silent) : errh;
    std::string_view rest = it.text;
    const std::string name = unquote(expand(pop_word(rest), to));
    HandlerCall call;
    if (!call.parse(name, this, router(), writes, to)) return;
    call.value = unquote(expand(rest, to));
    if (writes) {
        ContextErrorHandler context(to, "While calling '" + name + "':");
        call.write(call.value, context);
    } else {
        const std::string text = call.read(to);
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

bool Script::look(std::string_view name, std::string &value) const {
    const auto it = variables_.find(name);
    if (it == variables_.end()) return false;
    value = it->second;
    return true;
}

/// "$(…)" from the inside out, then variables.
std::string Script::expand(std::string_view text, ErrorHandler &errh, int depth) {
    std::string flat;
    char quote = 0;
    for (size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (quote != '\'' && c == '\\' && at + 1 < text.size()) {
            flat.append(text, at, 2);
            at += 2;
            continue;
        }
        if (quote ? c == quote : (c == '"' || c == '\'')) quote = quote ? 0 : c;
        if (c != '$' || quote == '\'' || at + 1 >= text.size() || text[at + 1] != '(') {
            flat += c;
            at += 1;
            continue;
        }
        size_t end = at + 2;
        for (int open = 1; end < text.size(); end += 1) {
            open += text[end] == '(';
            open -= text[end] == ')';
            if (open == 0) break;
        }
        const std::string value = evaluate(text.substr(at + 2, end - at - 2), errh, depth + 1);
        for (const char v : value) {
            // The value is text: nothing in it is to be replaced or to end a quote.
            if (quote == '"' ? (v == '"' || v == '\\' || v == '$') : false) flat += '\\';
            flat += v;
        }
        at = std::min(end + 1, text.size());
    }
    return substitute(
        flat, [this](std::string_view name, std::string &value) { return look(name, value); });
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
    if (script_function(name, args, out, errh)) return out;
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
