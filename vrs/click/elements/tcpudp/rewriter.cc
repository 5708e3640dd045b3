// What rewriter.hh declares, but for sharing: rewriter_sharing.cc.
#include "elements/tcpudp/rewriter.hh"

#include <algorithm>

#include "router.hh"

namespace click {

namespace {

constexpr uint32_t eviction_sample = 64;

} // namespace

void *Rewriter::cast(const char *name) {
    if (std::string_view(name) == "Rewriter") return static_cast<Rewriter *>(this);
    return Element::cast(name);
}

int Rewriter::configure(Args &args) {
    std::vector<std::string> specs;
    args.rest(specs)
        .keyword("MAPPING_CAPACITY", Bounded<uint32_t>{1, 16'000'000}, capacity_)
        .keyword("REAP_INTERVAL", Seconds{}, reap_s_);
    add_keywords(args);
    // Of old there was an interval for each table. The shortest is that of all.
    double old_s[3] = {};
    bool are_given[3] = {};
    static constexpr const char *old[] = {"REAP_TCP", "REAP_TCP_DONE", "REAP_UDP"};
    for (size_t i = 0; i < 3; i += 1) args.keyword(old[i], Seconds{}, old_s[i], are_given[i]);
    if (args.complete() < 0) return -1;
    for (size_t i = 0; i < 3; i += 1)
        if (are_given[i] && old_s[i] > 0) reap_s_ = std::min(reap_s_, old_s[i]);
    if (static_cast<int>(specs.size()) != ninputs())
        return args.error("need %d argument%s, one per input port", ninputs(),
                          ninputs() == 1 ? "" : "s");
    specs_.clear();
    bool is_good = true;
    for (size_t i = 0; i < specs.size(); i += 1) {
        PrefixErrorHandler errh(args.errh(), "input spec " + std::to_string(i) + ": ");
        InputSpec spec;
        const int before = errh.errors();
        bool is_parsed = spec.parse(specs[i], pattern_kind(), this, errh);
        const int largest = spec.mapper ? spec.mapper->max_output()
                                        : std::max(spec.rule.output[0], spec.rule.output[1]);
        if (is_parsed && largest >= noutputs()) {
            errh.error("output port %d out of range", largest);
            is_parsed = false;
        }
        if (!is_parsed && errh.errors() == before) errh.error("syntax error");
        is_good &= is_parsed;
        specs_.push_back(std::move(spec));
    }
    if (reap_s_ < 0.1) reap_s_ = 0.1;
    return is_good ? 0 : -1;
}

int Rewriter::initialize(ErrorHandler &) {
    now_ns_ = steady_ns();
    timer_.initialize();
    timer_.schedule_after(Timestamp::seconds(reap_s_));
    if (exchange) exchange->add(this, this);
    return 0;
}

void Rewriter::cleanup(CleanupStage) {
    if (exchange) exchange->remove(this);
}

void Rewriter::run_timer(Timer *) {
    now_ns_ = steady_ns();
    for (uint32_t i = 0; i < table_.end(); i += 1)
        if (table_[i].is_used && is_expired(table_[i])) remove(i);
    timer_.reschedule_after(Timestamp::seconds(reap_s_));
}

void Rewriter::remove(uint32_t number) {
    table_.remove(number);
    on_removed(number);
}

/// When the table is full: what has expired goes, or the flow of a sample that would expire first.
bool Rewriter::make_room() {
    if (table_.size() < capacity_) return true;
    int best = no_flow;
    const uint32_t end = table_.end();
    const uint32_t count = std::min(end, eviction_sample);
    for (uint32_t i = 0; i < count; i += 1) {
        eviction_ = (eviction_ + 1) % end;
        const Flow &flow = table_[eviction_];
        if (!flow.is_used || (flow.guaranteed_ns > now_ns_ && !is_expired(flow))) continue;
        if (best == no_flow || flow.expiry_ns < table_[static_cast<uint32_t>(best)].expiry_ns)
            best = static_cast<int>(eviction_);
    }
    if (best == no_flow) return false;
    remove(static_cast<uint32_t>(best));
    return true;
}

bool Rewriter::add_rule(const FlowKey &key, const RewriteRule &rule, int input, Flow &out) {
    FlowKey rewritten = key;
    if (rule.pattern && !rule.pattern->rewrite(key, table_, rewritten)) return false;
    out.key[0] = key;
    out.key[1] = rewritten.reversed();
    // A flow that meets its own replies, or another's, can't be told from them.
    if (out.key[0] == out.key[1] || table_.find(out.key[1]) != FlowTable::none) return false;
    for (const int d : {0, 1}) out.output[d] = static_cast<int16_t>(rule.output[d]);
    out.input = static_cast<uint16_t>(input);
    return true;
}

/// The number of a new flow, or no_flow.
int Rewriter::make_flow(const FlowKey &packet_key, int input) {
    const InputSpec &spec = specs_[static_cast<size_t>(input)];
    const FlowKey key = flow_key(packet_key);
    Flow flow;
    bool is_made = false;
    if (spec.kind == InputSpec::Kind::rule) {
        is_made = add_rule(key, spec.rule, input, flow);
    } else if (spec.kind == InputSpec::Kind::mapper) {
        const RewriteRule *rule;
        for (uint32_t i = 0; !is_made && (rule = spec.mapper->choose(key, i)); i += 1)
            is_made = add_rule(key, *rule, input, flow);
    }
    if (!is_made || !make_room()) {
        failures_ += 1;
        return no_flow;
    }
    flow.prepare();
    flow.is_own = true;
    return static_cast<int>(table_.insert(flow));
}

void Rewriter::touch(Flow &flow, uint32_t number, uint8_t seen) {
    const uint8_t before = flow.state;
    flow.state |= seen;
    const int64_t timeout = timeout_ns(flow);
    flow.expiry_ns = now_ns_ + timeout;
    flow.guaranteed_ns = now_ns_ + guarantee_ns(flow);
    flow.is_own = true;
    if (exchange && (flow.state != before || now_ns_ - flow.announced_ns > timeout / 4))
        announce(number);
}

int Rewriter::sort(int port, Packet *p) {
    const InputSpec &spec = specs_[static_cast<size_t>(port)];
    FlowKey key;
    const bool is_ours = key_of(p, key);
    int reference = is_ours ? look_up(key) : FlowTable::none;
    if (reference != FlowTable::none && is_expired(table_[static_cast<uint32_t>(reference) / 2]))
        [[unlikely]] {
        remove(static_cast<uint32_t>(reference) / 2);
        reference = look_up(key);
        if (reference != FlowTable::none &&
            is_expired(table_[static_cast<uint32_t>(reference) / 2])) {
            remove(static_cast<uint32_t>(reference) / 2);
            reference = FlowTable::none;
        }
    }
    if (reference == FlowTable::none) [[unlikely]] {
        if (spec.kind == InputSpec::Kind::pass) return spec.rule.output[0];
        const bool makes_flow = is_ours && spec.kind != InputSpec::Kind::drop && may_start(p);
        const int made = makes_flow ? make_flow(key, port) : no_flow;
        if (made == no_flow) {
            p->kill();
            return consumed;
        }
        reference = made * 2;
    }
    const uint32_t number = static_cast<uint32_t>(reference) / 2;
    const int direction = reference % 2;
    Flow &flow = table_[number];
    const uint8_t seen = apply(flow, number, direction, p);
    touch(flow, number, static_cast<uint8_t>(seen | (direction == 0 ? packet_0 : packet_1)));
    if (sets_dst_anno_) p->set_dst_ip_anno(p->ip_header()->destination);
    return flow.output[direction];
}

Flow *Rewriter::find(const FlowKey &key, int &direction) {
    const int reference = look_up(key);
    if (reference == FlowTable::none) return nullptr;
    direction = reference % 2;
    return &table_[static_cast<uint32_t>(reference) / 2];
}

Flow *Rewriter::find_or_make(const FlowKey &key, int input, int &direction) {
    if (Flow *flow = find(key, direction)) return flow;
    now_ns_ = steady_ns();
    const int made = make_flow(key, input);
    if (made == no_flow) return nullptr;
    Flow &flow = table_[static_cast<uint32_t>(made)];
    direction = 0;
    touch(flow, static_cast<uint32_t>(made), 0);
    return &flow;
}

std::string Rewriter::dump(int protocol) const {
    const int64_t now = steady_ns();
    std::string out;
    for (uint32_t i = 0; i < table_.end(); i += 1) {
        const Flow &it = table_[i];
        if (!it.is_used || it.expiry_ns <= now) continue;
        if (protocol >= 0 && it.key[0].protocol != static_cast<uint32_t>(protocol)) continue;
        const char *name = it.key[0].protocol == ip_proto_tcp    ? "tcp "
                           : it.key[0].protocol == ip_proto_udp  ? "udp "
                           : it.key[0].protocol == ip_proto_icmp ? "icmp "
                                                                 : "";
        out += format("%s%s => %s [%d %d] i%u exp%lld\n", name, it.key[0].text().c_str(),
                      it.rewritten(0).text().c_str(), it.output[0], it.output[1], it.input,
                      static_cast<long long>((it.expiry_ns - now) / 1'000'000'000));
    }
    return out;
}

/// What a flow "SADDR SPORT DADDR DPORT" becomes, in the same form; nothing when it isn't known.
void Rewriter::add_lookup(const char *name, uint8_t protocol) {
    add_read(name, [this, protocol](const std::string &text, ErrorHandler &errh) {
        const std::vector<std::string> words = split_words(text);
        FlowKey key;
        IPAddress source, destination;
        uint64_t ports[2] = {};
        bool is_negative, overflows;
        bool is_good = words.size() == 4 && parse_address(words[0], source) &&
                       parse_address(words[2], destination);
        for (size_t i = 0; i < 2 && is_good; i += 1)
            is_good = parse_integer(words[i * 2 + 1], ports[i], is_negative, overflows) &&
                      !is_negative && ports[i] <= 0xffff;
        if (!is_good) {
            errh.error("expected 'SADDR SPORT DADDR DPORT'");
            return std::string();
        }
        key = {source.addr, destination.addr, net16(static_cast<uint16_t>(ports[0])),
               net16(static_cast<uint16_t>(ports[1])), protocol};
        int direction;
        const Flow *flow = find(key, direction);
        if (!flow) return std::string();
        const FlowKey it = flow->rewritten(direction);
        return format("%s %u %s %u", IPAddress(it.source).text().c_str(), net16(it.source_port),
                      IPAddress(it.destination).text().c_str(), net16(it.destination_port));
    });
}

void Rewriter::add_handlers() {
    for (const char *name : {"table", "mappings"})
        add_read(name, [this] { return dump(-1); });
    for (const char *name : {"nmappings", "size"})
        add_read(name, [this] { return table_.size(); });
    add_read("mapping_failures", [this] { return failures_; });
    add_data("capacity", data_both, &capacity_);
    add_read("patterns", [this] {
        std::string out;
        for (const InputSpec &it : specs_)
            out += (it.rule.pattern ? it.rule.pattern->text() : it.text) + "\n";
        return out;
    });
    add_write("clear", [this] {
        for (uint32_t i = 0; i < table_.end(); i += 1)
            if (table_[i].is_used) remove(i);
    });
    add_write("reap", [this] { run_timer(&timer_); });
}

} // namespace click
