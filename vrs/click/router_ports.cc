// Ports: how many an element has, which push and which pull, and that each is connected as it must.
#include <algorithm>
#include <cstdlib>

#include "router.hh"

namespace click {

namespace {

struct Range {
    int low = 0, high = 0;
};
constexpr int any = 1 << 15;

/// "1", "1-2", "1-", "-" (any), "=" (as many as `same`, one more for each "+").
Range parse_range(std::string_view text, int same) {
    if (text.starts_with("=")) {
        const int count = same + static_cast<int>(std::count(text.begin(), text.end(), '+'));
        return {count, count};
    }
    const size_t dash = text.find('-');
    const int low = std::atoi(std::string(text.substr(0, dash)).c_str());
    if (dash == std::string_view::npos) return {low, low};
    const std::string high(text.substr(dash + 1));
    return {low, high.empty() ? any : std::atoi(high.c_str())};
}

/// The letter for a port: the last goes on.
char letter(std::string_view code, int port) {
    if (code.empty()) return 'a';
    return code[std::min(static_cast<size_t>(port), code.size() - 1)];
}

std::pair<std::string_view, std::string_view> halves(std::string_view code) {
    const size_t slash = code.find('/');
    if (slash == std::string_view::npos) return {code, code};
    return {code.substr(0, slash), code.substr(slash + 1)};
}

const char *word(char kind) { return kind == 'l' ? "pull" : "push"; }

/// The ports that a flow code lists at `at`: one letter, or a "[…]" set; "#" is the port's own.
std::vector<std::string> flow_letters(std::string_view code) {
    std::vector<std::string> all;
    for (size_t i = 0; i < code.size(); i += 1) {
        if (code[i] != '[') {
            all.emplace_back(1, code[i]);
            continue;
        }
        const size_t end = std::min(code.find(']', i), code.size());
        all.emplace_back(code.substr(i + 1, end - i - 1));
        i = end;
    }
    return all;
}

/// Whether packets may go from an input to an output.
bool flows(std::string_view code, int input, int output) {
    const auto [in, out] = halves(code);
    const auto ins = flow_letters(in), outs = flow_letters(out);
    if (ins.empty() || outs.empty()) return false;
    const std::string &a = ins[std::min(static_cast<size_t>(input), ins.size() - 1)];
    const std::string &b = outs[std::min(static_cast<size_t>(output), outs.size() - 1)];
    if (a == "#" || b == "#") return input == output;
    const bool negated = b.starts_with("^") || a.starts_with("^");
    return (a.find_first_of(b) != std::string::npos) != negated;
}

} // namespace

bool Router::check_ports(ErrorHandler &errh) {
    std::vector<std::pair<int, int>> used(elements_.size());
    for (const FlatConnection &it : flat_.connections) {
        int &outputs = used[static_cast<size_t>(it.from)].second;
        int &inputs = used[static_cast<size_t>(it.to)].first;
        outputs = std::max(outputs, it.from_port + 1);
        inputs = std::max(inputs, it.to_port + 1);
    }
    bool is_good = true;
    for (size_t i = 0; i < elements_.size(); i += 1) {
        Element &element = *elements_[i];
        const auto [in, out] = halves(element.port_count());
        const auto fit = [&](Range range, int used_count, const char *kind) {
            for (int port = range.high; port < used_count; port += 1) {
                errh.lerror(element.landmark(), "'%s' has no %s %d", element.declaration().c_str(),
                            kind, port);
                is_good = false;
            }
            return static_cast<size_t>(std::clamp(used_count, range.low, range.high));
        };
        const size_t inputs = fit(parse_range(in, used[i].second), used[i].first, "input");
        const size_t outputs =
            fit(parse_range(out, static_cast<int>(inputs)), used[i].second, "output");
        element.inputs_.resize(inputs);
        element.outputs_.resize(outputs);
        processing_[0].emplace_back();
        processing_[1].emplace_back();
        const auto [in_code, out_code] = halves(element.processing());
        for (size_t p = 0; p < inputs; p += 1)
            processing_[0].back().push_back(letter(in_code, static_cast<int>(p)));
        for (size_t p = 0; p < outputs; p += 1)
            processing_[1].back().push_back(letter(out_code, static_cast<int>(p)));
    }
    return is_good;
}

/// Agnostic ports become push or pull as their neighbours are.
bool Router::resolve(ErrorHandler &errh) {
    const auto original_inputs = processing_[0], original_outputs = processing_[1];
    const auto at = [&](int side, int element, int port) -> char & {
        return processing_[side][static_cast<size_t>(element)][static_cast<size_t>(port)];
    };
    bool is_changed = true;
    const auto unify = [&](char &a, char &b) {
        if (a == 'a' && b != 'a') a = b, is_changed = true;
        if (b == 'a' && a != 'a') b = a, is_changed = true;
    };
    std::vector<bool> is_mixed(elements_.size());
    bool is_good = true;
    while (is_changed) {
        is_changed = false;
        for (const FlatConnection &it : flat_.connections)
            unify(at(1, it.from, it.from_port), at(0, it.to, it.to_port));
        for (size_t e = 0; e < elements_.size(); e += 1) {
            Element &element = *elements_[e];
            const std::string_view code = element.flow_code();
            for (int i = 0; i < element.ninputs(); i += 1)
                for (int o = 0; o < element.noutputs(); o += 1) {
                    if (original_inputs[e][static_cast<size_t>(i)] != 'a' ||
                        original_outputs[e][static_cast<size_t>(o)] != 'a' || !flows(code, i, o))
                        continue;
                    char &in = at(0, static_cast<int>(e), i), &out = at(1, static_cast<int>(e), o);
                    unify(in, out);
                    if (in == out || is_mixed[e]) continue;
                    is_mixed[e] = true;
                    is_good = false;
                    errh.lerror(element.landmark(),
                                "agnostic '%s' in mixed context: %s input %d, %s output %d",
                                element.declaration().c_str(), word(in), i, word(out), o);
                }
        }
    }
    for (const FlatConnection &it : flat_.connections) {
        const char from = at(1, it.from, it.from_port), to = at(0, it.to, it.to_port);
        if (from == to) continue;
        is_good = false;
        const Element &source = *elements_[static_cast<size_t>(it.from)];
        errh.lerror(source.landmark(), "'%s' %s output %d connected to '%s' %s input %d",
                    source.declaration().c_str(), word(from), it.from_port,
                    elements_[static_cast<size_t>(it.to)]->declaration().c_str(), word(to),
                    it.to_port);
    }
    for (auto *side : {&processing_[0], &processing_[1]})
        for (auto &ports : *side)
            for (char &kind : ports)
                if (kind == 'a') kind = 'h';
    return check_connections(errh) && is_good;
}

/// Every port is used, a push output or a pull input once.
bool Router::check_connections(ErrorHandler &errh) {
    std::vector<std::vector<int>> uses[2];
    for (const auto &it : elements_) {
        uses[0].emplace_back(it->ninputs());
        uses[1].emplace_back(it->noutputs());
    }
    for (const FlatConnection &it : flat_.connections) {
        uses[0][static_cast<size_t>(it.to)][static_cast<size_t>(it.to_port)] += 1;
        uses[1][static_cast<size_t>(it.from)][static_cast<size_t>(it.from_port)] += 1;
    }
    bool is_good = true;
    for (size_t e = 0; e < elements_.size(); e += 1) {
        const Element &element = *elements_[e];
        for (const int side : {0, 1}) {
            const char *kind = side ? "output" : "input";
            for (size_t p = 0; p < uses[side][e].size(); p += 1) {
                const char way = processing_[side][e][p];
                if (uses[side][e][p] == 0)
                    errh.lerror(element.landmark(), "'%s' %s %zu unused",
                                element.declaration().c_str(), kind, p);
                else if (uses[side][e][p] > 1 && way == (side ? 'h' : 'l'))
                    errh.lerror(element.landmark(), "illegal reuse of '%s' %s %s %zu",
                                element.declaration().c_str(), word(way), kind, p);
                else
                    continue;
                is_good = false;
            }
        }
    }
    return is_good;
}

void Router::connect() {
    for (size_t e = 0; e < elements_.size(); e += 1) {
        for (const char kind : processing_[0][e]) elements_[e]->input_push_.push_back(kind == 'h');
        for (const char kind : processing_[1][e]) elements_[e]->output_push_.push_back(kind == 'h');
    }
    for (const FlatConnection &it : flat_.connections) {
        Element *from = elements_[static_cast<size_t>(it.from)].get();
        Element *to = elements_[static_cast<size_t>(it.to)].get();
        if (from->output_is_push(it.from_port))
            from->outputs_[static_cast<size_t>(it.from_port)] = {to, it.to_port};
        else
            to->inputs_[static_cast<size_t>(it.to_port)] = {from, it.from_port};
    }
}

std::string Router::describe_ports(const Element &element) const {
    std::string out;
    const auto e = static_cast<size_t>(element.index());
    const auto [in_code, out_code] = halves(element.processing());
    for (const int side : {0, 1}) {
        const size_t count = processing_[side][e].size();
        out += std::to_string(count) + (side ? " output" : " input") + (count == 1 ? "\n" : "s\n");
        for (size_t p = 0; p < count; p += 1) {
            // "~": an agnostic port that has become one or the other.
            const bool is_agnostic = letter(side ? out_code : in_code, static_cast<int>(p)) == 'a';
            out += std::string(word(processing_[side][e][p])) + (is_agnostic ? "~" : "") + "\t-\t";
            bool is_first = true;
            for (const FlatConnection &it : flat_.connections) {
                const int own = side ? it.from : it.to, own_port = side ? it.from_port : it.to_port;
                const int other = side ? it.to : it.from;
                const int other_port = side ? it.to_port : it.from_port;
                if (own != element.index() || own_port != static_cast<int>(p)) continue;
                const std::string &name = elements_[static_cast<size_t>(other)]->name();
                out += is_first ? "" : ", ";
                out += side ? "[" + std::to_string(other_port) + "] " + name
                            : name + " [" + std::to_string(other_port) + "]";
                is_first = false;
            }
            out += "\n";
        }
    }
    return out;
}

// Notifiers: along agnostic pull paths up to what knows whether it is empty.

namespace {

void look_upstream(Element *element, int input, std::vector<std::pair<Element *, int>> &seen,
                   bool &is_always_active, std::vector<Notifier *> &found) {
    const Port &port = element->input(input);
    if (!port.is_active()) return; // a push input: nothing is pulled
    const std::pair<Element *, int> end{port.element, port.port};
    if (std::find(seen.begin(), seen.end(), end) != seen.end()) return;
    seen.push_back(end);
    if (Notifier *notifier = port.element->empty_notifier(port.port)) {
        if (std::find(found.begin(), found.end(), notifier) == found.end())
            found.push_back(notifier);
        return;
    }
    bool has_pull_input = false;
    for (int i = 0; i < port.element->ninputs(); i += 1) {
        if (!port.element->input_is_pull(i) || !flows(port.element->flow_code(), i, port.port))
            continue;
        has_pull_input = true;
        look_upstream(port.element, i, seen, is_always_active, found);
    }
    if (!has_pull_input) is_always_active = true;
}

void look_downstream(Element *element, int output, std::vector<std::pair<Element *, int>> &seen,
                     bool &is_always_active, std::vector<Notifier *> &found) {
    const Port &port = element->output(output);
    if (!port.is_active()) return;
    const std::pair<Element *, int> end{port.element, port.port};
    if (std::find(seen.begin(), seen.end(), end) != seen.end()) return;
    seen.push_back(end);
    if (Notifier *notifier = port.element->full_notifier(port.port)) {
        if (std::find(found.begin(), found.end(), notifier) == found.end())
            found.push_back(notifier);
        return;
    }
    bool has_push_output = false;
    for (int o = 0; o < port.element->noutputs(); o += 1) {
        if (!port.element->output_is_push(o) || !flows(port.element->flow_code(), port.port, o))
            continue;
        has_push_output = true;
        look_downstream(port.element, o, seen, is_always_active, found);
    }
    if (!has_push_output) is_always_active = true;
}

} // namespace

Signal Signal::upstream_empty(Element *element, int input, Task *task) {
    Signal signal;
    std::vector<std::pair<Element *, int>> seen;
    look_upstream(element, input, seen, signal.is_always_active_, signal.notifiers_);
    if (task)
        for (Notifier *it : signal.notifiers_) it->add_listener(task);
    return signal;
}

Signal Signal::upstream_empty(Element *element, int input, Notifier *dependent) {
    Signal signal = upstream_empty(element, input, static_cast<Task *>(nullptr));
    for (Notifier *it : signal.notifiers_) it->add_dependent(dependent);
    return signal;
}

Signal Signal::downstream_full(Element *element, int output, Task *task) {
    Signal signal;
    std::vector<std::pair<Element *, int>> seen;
    look_downstream(element, output, seen, signal.is_always_active_, signal.notifiers_);
    if (task)
        for (Notifier *it : signal.notifiers_) it->add_listener(task);
    return signal;
}

} // namespace click
