// What flow_table.hh declares.
#include "elements/tcpudp/flow_table.hh"

#include "error.hh"

namespace click {

std::string FlowKey::text() const {
    return format("(%s, %u, %s, %u)", IPAddress(source).text().c_str(), net16(source_port),
                  IPAddress(destination).text().c_str(), net16(destination_port));
}

void Flow::prepare() {
    const auto difference = [](uint32_t sum, uint32_t before, uint32_t after) {
        for (const int shift : {0, 16}) {
            sum += static_cast<uint16_t>(~(before >> shift)) + (after >> shift & 0xffff);
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (sum & 0xffff) + (sum >> 16);
    };
    for (const int d : {0, 1}) {
        const FlowKey after = rewritten(d);
        uint32_t sum = difference(0, key[d].source, after.source);
        sum = difference(sum, key[d].destination, after.destination);
        ip_delta[d] = static_cast<uint16_t>(sum);
        const auto ports = [](const FlowKey &it) {
            return uint32_t{it.source_port} << 16 | it.destination_port;
        };
        transport_delta[d] = static_cast<uint16_t>(difference(sum, ports(key[d]), ports(after)));
    }
}

void FlowTable::clear() {
    flows_.clear();
    free_.clear();
    slots_.assign(1024, {0, 0});
    mask_ = 1023;
    size_ = 0;
}

void FlowTable::put(uint32_t hash, uint32_t reference) {
    uint32_t i = hash & mask_;
    while (slots_[i].reference != 0) i = (i + 1) & mask_;
    slots_[i] = {hash, reference};
}

void FlowTable::grow() {
    std::vector<Slot> before((mask_ + 1) * size_t{2}, Slot{0, 0});
    before.swap(slots_);
    mask_ = mask_ * 2 + 1;
    for (const Slot &it : before)
        if (it.reference != 0) put(it.hash, it.reference);
}

uint32_t FlowTable::insert(const Flow &flow) {
    if ((size_ + 1) * 4 > mask_) grow(); // at most half of the slots, two of them per flow
    uint32_t number;
    if (free_.empty()) {
        number = end();
        flows_.push_back(flow);
    } else {
        number = free_.back();
        free_.pop_back();
        flows_[number] = flow;
    }
    flows_[number].is_used = true;
    for (const uint32_t d : {0u, 1u}) put(flow.key[d].hash(), 1 + number * 2 + d);
    size_ += 1;
    return number;
}

/// Closes the gap, so that no slot ever says "was used".
void FlowTable::take_out(uint32_t hash, uint32_t reference) {
    uint32_t gap = hash & mask_;
    while (slots_[gap].reference != reference) gap = (gap + 1) & mask_;
    for (uint32_t i = (gap + 1) & mask_; slots_[i].reference != 0; i = (i + 1) & mask_) {
        const uint32_t home = slots_[i].hash & mask_;
        if (((i - home) & mask_) < ((i - gap) & mask_)) continue; // it would be before its home
        slots_[gap] = slots_[i];
        gap = i;
    }
    slots_[gap] = {0, 0};
}

void FlowTable::remove(uint32_t number) {
    Flow &flow = flows_[number];
    for (const uint32_t d : {0u, 1u}) take_out(flow.key[d].hash(), 1 + number * 2 + d);
    flow.is_used = false;
    free_.push_back(number);
    size_ -= 1;
}

} // namespace click
