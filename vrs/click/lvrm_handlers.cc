// What lvrm_handlers.hh declares.
#include "lvrm_handlers.hh"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "hosted.hh"
#include "text.hh"

namespace click {

namespace {

constexpr size_t part_bytes = LVRM_MAX_EVENT_BYTES - sizeof(lvrm_handler_event);
constexpr size_t max_waiting = 4096; // events: some 16 MB. lvrm asks for less at a time

/// Numbers that don't count anything, although they can only be read.
constexpr std::string_view no_counts[] = {
    "config", "class", "name", "ports",   "handlers", "mtu",    "capacity", "latency", "bandwidth",
    "src",    "dst",   "time", "version", "sport",    "dport",  "dscp",     "encap",   "data",
    "thresh", "max_p", "mem",  "filepos", "interval", "packet_filepos",     "min_thresh",
    "max_thresh",      "vars", "status",  "run",      "get",    "avg_queue_size"};

/// Whether what a read handler says may be added up over VRIs: a number that is measured, not set.
bool is_count(const Handler &handler, std::string_view text) {
    if (handler.write || handler.takes_parameter ||
        std::find(std::begin(no_counts), std::end(no_counts), handler.name) != std::end(no_counts))
        return false;
    text = trim(text);
    const size_t digits = text.find_first_not_of("0123456789");
    if (text.empty() || digits == 0) return false;
    if (digits == std::string_view::npos) return true;
    // "12.5": a rate.
    return text[digits] == '.' &&
           text.find_first_not_of("0123456789", digits + 1) == std::string_view::npos;
}

std::string flags_of(const Handler &it) {
    std::string out;
    if (it.read) out += 'r';
    if (it.write) out += 'w';
    if (it.takes_parameter) out += '+';
    if (it.is_button) out += 'b';
    return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string> &names) {
    const std::string best = nearest(word, names);
    return best.empty() ? "" : "; did you mean '" + best + "'?";
}

std::string without_end(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

} // namespace

void LvrmHandlers::receive(std::string_view part) {
    lvrm_handler_event head;
    if (part.size() < sizeof head) return;
    std::memcpy(&head, part.data(), sizeof head);
    part.remove_prefix(sizeof head);
    if (head.offset == 0) {
        head_ = head;
        text_.clear();
        is_coming_ = head.total_bytes <= LVRM_MAX_HANDLER_BYTES;
    }
    if (!is_coming_ || head.request != head_.request || head.offset != text_.size() ||
        part.size() > head_.total_bytes - text_.size()) {
        is_coming_ = false;
        return;
    }
    text_ += part;
    if (text_.size() < head_.total_bytes) return;
    is_coming_ = false;
    if (head_.name_bytes <= text_.size()) carry_out();
}

void LvrmHandlers::carry_out() {
    const std::string name = text_.substr(0, head_.name_bytes);
    const std::string value = text_.substr(head_.name_bytes);
    text_ = {};
    if (head_.code == LVRM_HANDLER_ADOPT) return adopt(value);
    const uint32_t request = head_.request;
    reply(request, hosted_.router() ? answer(name, value)
                                    : Said{LVRM_HANDLER_STATUS_FAILED, "not ready yet"});
}

void LvrmHandlers::adopt(const std::string &text) {
    if (has_adopted_ && text == adopted_) return; // told again
    adopted_ = text;
    has_adopted_ = true;
    if (!hosted_.router()) return; // start() takes it
    FileErrorHandler errh;
    has_failed_ = !hosted_.prepare(text, errh) || !hosted_.commit();
}

LvrmHandlers::Said LvrmHandlers::answer(const std::string &name, const std::string &value) {
    switch (head_.code) {
    case LVRM_HANDLER_LIST: return list(name);
    case LVRM_HANDLER_READ: return read(name);
    case LVRM_HANDLER_WRITE: return write(name, value);
    case LVRM_HANDLER_PREPARE:
    case LVRM_HANDLER_COMMIT:
    case LVRM_HANDLER_ABORT: return change(name, value);
    default: return {LVRM_HANDLER_STATUS_FAILED, "unknown operation"};
    }
}

LvrmHandlers::Said LvrmHandlers::list(const std::string &name) const {
    const Router &router = *hosted_.router();
    std::string out;
    const auto add = [&](const std::string &prefix, const std::vector<Handler> &all,
                         const char *class_name) {
        for (const Handler &it : all)
            if (!it.is_hidden) out += prefix + it.name + "\t" + flags_of(it) + class_name + "\n";
    };
    if (!name.empty()) {
        const Element *element = router.find(name);
        if (element)
            return add(name + ".", element->handlers(),
                       ("\t" + std::string(element->class_name())).c_str()),
                   Said{LVRM_HANDLER_STATUS_OK, out};
        std::vector<std::string> names;
        for (const auto &it : router.elements()) names.push_back(it->name());
        return {LVRM_HANDLER_STATUS_FAILED,
                "no element named '" + name + "'" + did_you_mean(name, names)};
    }
    add("", router.handlers(), "");
    for (const auto &it : router.elements())
        add(it->name() + ".", it->handlers(), ("\t" + std::string(it->class_name())).c_str());
    return {LVRM_HANDLER_STATUS_OK, out};
}

/// Finds a handler, or says why not, with the name that may have been meant.
bool LvrmHandlers::find(const std::string &name, bool writes, HandlerCall &call,
                        Said &said) const {
    Router &router = *hosted_.router();
    StringErrorHandler errh;
    if (call.parse(name, nullptr, router, writes, errh)) return true;
    said = {LVRM_HANDLER_STATUS_FAILED, without_end(errh.text)};
    const std::string full = name.substr(0, name.find(' '));
    const size_t dot = full.rfind('.');
    std::vector<std::string> names;
    if (dot != std::string::npos && !call.element) {
        for (const auto &it : router.elements()) names.push_back(it->name());
        said.text += did_you_mean(full.substr(0, dot), names);
    } else if (call.element ? !call.element->find_handler(full.substr(dot + 1))
                            : !router.find_handler(full)) {
        for (const Handler &it : call.element ? call.element->handlers() : router.handlers())
            if (writes ? bool(it.write) : bool(it.read)) names.push_back(it.name);
        if (!router.find(full)) said.text += did_you_mean(full.substr(dot + 1), names);
    }
    return false;
}

LvrmHandlers::Said LvrmHandlers::read(const std::string &name) const {
    HandlerCall call;
    Said said;
    if (!find(name, false, call, said)) return said;
    StringErrorHandler errh;
    std::string text = call.read(errh);
    if (errh.errors() > 0) return {LVRM_HANDLER_STATUS_FAILED, without_end(errh.text)};
    const bool counts = is_count(*call.handler, text);
    return {static_cast<uint8_t>(counts ? LVRM_HANDLER_STATUS_COUNT : LVRM_HANDLER_STATUS_OK),
            std::move(text)};
}

LvrmHandlers::Said LvrmHandlers::write(const std::string &name, const std::string &value) {
    if (name == "stop")
        return {LVRM_HANDLER_STATUS_FAILED, "a router under lvrm is not stopped: end lvrm instead"};
    HandlerCall call;
    Said said;
    if (!find(name, true, call, said)) return said;
    StringErrorHandler errh;
    const int result = call.write(value, errh);
    if (result >= 0 && errh.errors() == 0)
        return {LVRM_HANDLER_STATUS_OK, without_end(errh.text)};
    return {LVRM_HANDLER_STATUS_FAILED,
            errh.text.empty() ? "error " + std::to_string(result) : without_end(errh.text)};
}

/// A configuration for all VRIs or none.
LvrmHandlers::Said LvrmHandlers::change(const std::string &name, const std::string &value) {
    if (name != "hotconfig")
        return {LVRM_HANDLER_STATUS_FAILED, "'" + name + "' can't be written in two steps"};
    StringErrorHandler errh;
    if (head_.code == LVRM_HANDLER_ABORT) {
        hosted_.abort();
        return {};
    }
    const bool is_done = head_.code == LVRM_HANDLER_PREPARE ? hosted_.prepare(value, errh)
                                                            : hosted_.commit();
    if (is_done && head_.code == LVRM_HANDLER_PREPARE) pending_ = value;
    if (is_done && head_.code == LVRM_HANDLER_COMMIT) {
        adopted_ = std::move(pending_);
        has_adopted_ = true;
    }
    if (is_done) return {LVRM_HANDLER_STATUS_OK, without_end(errh.text)};
    return {LVRM_HANDLER_STATUS_FAILED,
            errh.text.empty() ? "nothing was prepared" : without_end(errh.text)};
}

void LvrmHandlers::reply(uint32_t request, const Said &said) {
    Said sent = said;
    if (sent.text.size() > LVRM_MAX_HANDLER_BYTES)
        sent = {LVRM_HANDLER_STATUS_FAILED,
                format("says %zu bytes, more than the %d that pass through lvrm", said.text.size(),
                       LVRM_MAX_HANDLER_BYTES)};
    size_t offset = 0;
    do {
        if (waiting_.size() >= max_waiting) return;
        const std::string_view part = std::string_view(sent.text).substr(offset, part_bytes);
        const lvrm_handler_event head{request,
                                      static_cast<uint32_t>(sent.text.size()),
                                      static_cast<uint32_t>(offset),
                                      0,
                                      sent.status,
                                      0};
        std::string event(reinterpret_cast<const char *>(&head), sizeof head);
        event += part;
        waiting_.push_back(std::move(event));
        offset += part.size();
    } while (offset < sent.text.size());
    flush();
}

bool LvrmHandlers::flush() {
    while (!waiting_.empty()) {
        const std::string &it = waiting_.front();
        if (lvrm_vr_send_event(vr_, LVRM_EVENT_HANDLER_REPLY, it.data(), it.size()) != 0)
            return false;
        waiting_.pop_front();
    }
    return true;
}

} // namespace click
