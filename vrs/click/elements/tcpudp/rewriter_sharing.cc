// How a rewriter hands its flows to siblings, and to the router that replaces its own.
#include "elements/tcpudp/rewriter.hh"

#include "router.hh"

namespace click {

namespace {

constexpr uint8_t kind_flow = 1;
constexpr uint32_t told_at_once = 256;

/// A flow as siblings are told of it; details follow.
struct SharedFlow {
    FlowKey key[2];
    int16_t output[2];
    uint16_t input;
    uint8_t state;
    uint8_t reserved;
};

} // namespace

void Rewriter::announce(uint32_t number) {
    Flow &flow = table_[number];
    flow.announced_ns = now_ns_;
    const SharedFlow told{{flow.key[0], flow.key[1]}, {flow.output[0], flow.output[1]}, flow.input,
                          flow.state, 0};
    std::string bytes(reinterpret_cast<const char *>(&told), sizeof told);
    add_details(number, bytes);
    exchange->announce(this, kind_flow, bytes);
}

bool Rewriter::tell(size_t &cursor) {
    for (uint32_t i = 0; i < told_at_once; i += 1, cursor += 1) {
        if (cursor >= table_.end()) return false;
        const Flow &flow = table_[static_cast<uint32_t>(cursor)];
        // Those that came from a sibling too: that one may be gone by now.
        if (flow.is_used && flow.expiry_ns > now_ns_) announce(static_cast<uint32_t>(cursor));
    }
    return true;
}

void Rewriter::receive(uint8_t kind, std::string_view bytes) {
    SharedFlow told;
    if (kind != kind_flow || bytes.size() < sizeof told) return;
    std::memcpy(&told, bytes.data(), sizeof told);
    for (const int d : {0, 1})
        if (told.output[d] < 0 || told.output[d] >= noutputs()) return;
    if (told.input >= ninputs() || told.key[0] == told.key[1]) return;
    now_ns_ = steady_ns();
    int known[2] = {table_.find(told.key[0]), table_.find(told.key[1])};
    const bool is_known = known[0] != FlowTable::none && known[0] % 2 == 0 &&
                          known[1] == known[0] + 1;
    if (!is_known) {
        // Both made a flow at the same time that can't be told apart: what expired makes room, else
        // the one that is here stays.
        for (const int d : {0, 1}) {
            known[d] = table_.find(told.key[d]);
            if (known[d] == FlowTable::none) continue;
            if (!is_expired(table_[static_cast<uint32_t>(known[d]) / 2])) return;
            remove(static_cast<uint32_t>(known[d]) / 2);
        }
        if (!make_room()) return;
        Flow flow;
        for (const int d : {0, 1}) {
            flow.key[d] = told.key[d];
            flow.output[d] = told.output[d];
        }
        flow.input = told.input;
        flow.prepare();
        known[0] = static_cast<int>(table_.insert(flow) * 2);
    }
    const uint32_t number = static_cast<uint32_t>(known[0]) / 2;
    Flow &flow = table_[number];
    flow.state |= told.state;
    flow.expiry_ns = std::max(flow.expiry_ns, now_ns_ + timeout_ns(flow));
    flow.announced_ns = now_ns_;
    if (!is_known) flow.guaranteed_ns = now_ns_ + guarantee_ns(flow);
    take_details(number, bytes.substr(sizeof told));
}

void Rewriter::take_state(Element *old, ErrorHandler &) {
    auto *other = static_cast<Rewriter *>(old->cast("Rewriter"));
    now_ns_ = steady_ns();
    for (uint32_t i = 0; other && i < other->table_.end(); i += 1) {
        const Flow &flow = other->table_[i];
        if (!flow.is_used || is_expired(flow) || flow.input >= ninputs() ||
            flow.output[0] >= noutputs() || flow.output[1] >= noutputs() || !make_room())
            continue;
        move_details(i, table_.insert(flow), *other);
    }
}

} // namespace click
