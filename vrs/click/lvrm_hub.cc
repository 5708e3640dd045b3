// What lvrm_hub.hh declares.
#include "lvrm_hub.hh"

#include <algorithm>

#include "exchange.hh"
#include "router.hh"

namespace click {

namespace {

constexpr int max_events_per_pass = 256;

LvrmHub *the_hub = nullptr;

/// The address of a port, for names in configurations.
bool find_address(NameKind kind, std::string_view device, void *out) {
    const int port = the_hub->find(std::string(device));
    if (port == PortHub::none) return false;
    const PortHub::Info &info = the_hub->info(port);
    if (kind == NameKind::ether) {
        std::memcpy(out, info.mac.bytes, 6);
        return true;
    }
    for (const PortHub::Address &it : info.addresses) {
        if (it.family == 4 && (kind == NameKind::ip || kind == NameKind::ip_prefix)) {
            IPPrefix prefix;
            std::memcpy(&prefix.address.addr, it.bytes, 4);
            prefix.mask = IPAddress::prefix_mask(it.prefix_length);
            std::memcpy(out, &prefix, kind == NameKind::ip ? 4 : sizeof prefix);
            return true;
        }
        if (it.family != 6 || (kind != NameKind::ip6 && kind != NameKind::ip6_prefix)) continue;
        IP6Prefix prefix{IP6Address(it.bytes), it.prefix_length};
        std::memcpy(out, &prefix, kind == NameKind::ip6 ? 16 : sizeof prefix);
        return true;
    }
    return false;
}

} // namespace

LvrmHub::LvrmHub(lvrm_vr *vr, TakeRequest take_request)
    : vr_(vr), take_request_(std::move(take_request)) {
    the_hub = this;
    port_hub = this;
    find_port_address = find_address;
    Packet::release_frame = [](uint64_t frame) {
        the_hub->put(lvrm_drop_frame(frame, LVRM_DROP_POLICY));
    };
}

LvrmHub::~LvrmHub() {
    flush();
    port_hub = nullptr;
}

bool LvrmHub::take_events() {
    alignas(8) uint8_t payload[LVRM_MAX_EVENT_BYTES];
    lvrm_event_header header;
    const uint32_t before = version_;
    for (int i = 0; i < max_events_per_pass; i += 1) {
        if (!lvrm_vr_receive_event(vr_, &header, payload)) break;
        if (header.kind == LVRM_EVENT_LINK && header.bytes >= sizeof(lvrm_link_event)) {
            lvrm_link_event event;
            std::memcpy(&event, payload, sizeof event);
            take_link(event);
        } else if (header.kind == LVRM_EVENT_ADDRESS &&
                   header.bytes >= sizeof(lvrm_address_event)) {
            lvrm_address_event event;
            std::memcpy(&event, payload, sizeof event);
            take_address(event);
        } else if (header.kind == LVRM_EVENT_SYNCHRONISED) {
            is_synchronised_ = true;
        } else if (header.kind == LVRM_EVENT_SIBLINGS || header.kind == LVRM_EVENT_SIBLING) {
            if (exchange) exchange->receive({reinterpret_cast<char *>(payload), header.bytes});
        } else if (header.kind == LVRM_EVENT_HANDLER_REQUEST) {
            take_request_({reinterpret_cast<char *>(payload), header.bytes});
        } else if (header.kind == LVRM_EVENT_STOP) {
            is_stopping_ = true;
        }
    }
    if (version_ != before) bind();
    return !is_stopping_;
}

void LvrmHub::take_link(const lvrm_link_event &event) {
    if (event.port >= LVRM_MAX_PORTS) return;
    version_ += 1;
    Info &port = ports_[event.port];
    if (event.removed) {
        port = {};
        return;
    }
    const auto *name = reinterpret_cast<const char *>(event.name);
    port.is_present = true;
    port.is_up = event.up != 0;
    port.name.assign(name, strnlen(name, sizeof event.name));
    if (event.vlan != LVRM_NO_VLAN) port.name += ":" + std::to_string(event.vlan);
    port.mtu = event.mtu ? event.mtu : 1500;
    port.mac = EtherAddress(event.mac);
}

void LvrmHub::take_address(const lvrm_address_event &event) {
    const uint8_t bits = event.family == 4 ? 32 : 128;
    if (event.port >= LVRM_MAX_PORTS || (event.family != 4 && event.family != 6) ||
        event.prefix_length > bits)
        return;
    version_ += 1;
    auto &all = ports_[event.port].addresses;
    Address it{event.family, event.prefix_length, {}};
    std::memcpy(it.bytes, event.address, event.family == 4 ? 4 : 16);
    std::erase_if(all, [&](const Address &other) {
        return other.family == it.family && std::memcmp(other.bytes, it.bytes, 16) == 0;
    });
    if (!event.removed) all.push_back(it);
}

int LvrmHub::find(const std::string &name) const {
    for (int i = 0; i < LVRM_MAX_PORTS; i += 1) {
        const Info &it = ports_[static_cast<size_t>(i)];
        if (it.is_present && (it.name == name || name == "#" + std::to_string(i))) return i;
    }
    return none;
}

void LvrmHub::receive(const std::string &name, Element *element, bool is_promiscuous,
                      bool wants_neighbours) {
    wanted_.receivers.push_back({name, element, is_promiscuous, wants_neighbours});
}

void LvrmHub::forget(Element *element) {
    for (Wanted *all : {&wanted_, &staged_})
        std::erase_if(all->receivers, [&](const Receiver &it) { return it.element == element; });
    for (Element *&it : bound_)
        if (it == element) it = nullptr;
}

void LvrmHub::bind() {
    bound_.fill(nullptr);
    for (const Receiver &it : wanted_.receivers)
        if (const int port = find(it.name); port != none)
            bound_[static_cast<size_t>(port)] = it.element;
}

void LvrmHub::begin_staging() { staged_ = std::exchange(wanted_, {}); }

void LvrmHub::take_staged() {
    wanted_ = std::exchange(staged_, {});
    bind();
}

bool LvrmHub::has_ports(std::string &missing) const {
    for (const Receiver &it : wanted_.receivers)
        if (find(it.name) == none) return missing = it.name, false;
    for (const std::string &it : wanted_.names)
        if (find(it) == none) return missing = it, false;
    return true;
}

void LvrmHub::get_ready(bool wants_neighbours) {
    uint64_t promiscuous[4] = {}, neighbours[4] = {};
    for (const Receiver &it : wanted_.receivers) {
        const int port = find(it.name);
        if (port == none) continue; // it has gone a moment ago
        const uint64_t bit = uint64_t{1} << port % 64;
        if (it.is_promiscuous) promiscuous[port / 64] |= bit;
        if (it.wants_neighbours || wants_neighbours) neighbours[port / 64] |= bit;
    }
    bind();
    // One bitmap serves both: a port that wants either gets what any of them wants.
    uint32_t wants = LVRM_WANTS_HANDLER_REQUESTS;
    uint64_t ports[4];
    for (int i = 0; i < 4; i += 1) {
        ports[i] = promiscuous[i] | neighbours[i];
        if (promiscuous[i]) wants |= LVRM_WANTS_PROMISCUOUS;
        if (neighbours[i]) wants |= LVRM_WANTS_NEIGHBOUR_FRAMES;
    }
    lvrm_vr_ready(vr_, wants, ports);
}

void LvrmHub::fetch(uint32_t max) {
    in_count_ = max ? lvrm_vr_receive(vr_, in_.data(), std::min(max, Batch::capacity)) : 0;
}

uint32_t LvrmHub::take_frames() {
    const size_t count = std::exchange(in_count_, 0);
    if (count == 0) return 0;
    const Timestamp now = Timestamp::now();
    const uint32_t slot_bytes = static_cast<uint32_t>(vr_->slot_bytes);
    Batch batch;
    Element *target = nullptr;
    const auto send_on = [&] {
        if (batch.empty()) return;
        if (target->router().max_burst() > 1) {
            target->push_batch(0, batch);
        } else {
            for (Packet *p : batch) target->push(0, p);
        }
        batch.clear();
    };
    for (size_t i = 0; i < count; i += 1) {
        const lvrm_frame frame = in_[i];
        const uint32_t port = lvrm_frame_input_port(frame);
        Element *element = bound_[port];
        if (!element) [[unlikely]] {
            put(lvrm_drop_frame(frame, LVRM_DROP_POLICY));
            continue;
        }
        if (element != target) {
            send_on();
            target = element;
        }
        Packet *p = Packet::around(frame, lvrm_frame_slot(vr_, frame), slot_bytes,
                                   lvrm_frame_offset(frame), lvrm_frame_length(frame));
        p->set_timestamp(now);
        p->set_input_port(static_cast<int16_t>(port));
        const uint8_t *mac = p->data();
        if (p->length() >= 14) p->set_mac_header(mac, 14);
        if (mac[0] & 1)
            p->set_packet_type(EtherAddress(mac).is_broadcast() ? PacketType::broadcast
                                                                : PacketType::multicast);
        else if (EtherAddress(mac) != ports_[port].mac)
            p->set_packet_type(PacketType::otherhost);
        batch.add(p);
    }
    send_on();
    return static_cast<uint32_t>(count);
}

void LvrmHub::put(lvrm_frame frame) {
    out_[out_count_++] = frame;
    if (out_count_ == out_.size()) flush();
}

void LvrmHub::flush() {
    if (out_count_ == 0) return;
    if (exchange) exchange->flush();
    lvrm_vr_send(vr_, out_.data(), out_count_);
    out_count_ = 0;
}

bool LvrmHub::take_spare(lvrm_frame &frame) {
    if (spare_.empty()) {
        lvrm_frame taken[32];
        const size_t count = lvrm_vr_take_empty(vr_, taken, 32);
        spare_.assign(taken, taken + count);
    }
    if (spare_.empty()) return false;
    frame = spare_.back();
    spare_.pop_back();
    return true;
}

/// The packet's bytes are in the frame's slot: tells the frame where.
lvrm_frame LvrmHub::place(lvrm_frame frame, Packet *p) const {
    uint32_t offset = p->headroom();
    // An even offset, and not too far in.
    if (offset % 2 || offset > 510) {
        const uint32_t target = offset > 510 ? LVRM_HEADROOM_BYTES : offset - 1;
        p->shift(static_cast<int32_t>(target) - static_cast<int32_t>(offset));
        offset = target;
    }
    return lvrm_set_length(lvrm_set_offset(frame, offset), p->length());
}

bool LvrmHub::send(int port, Packet *p) {
    if (port < 0 || !info(port).is_present || p->length() < 14 ||
        p->length() > LVRM_MAX_FRAME_BYTES) {
        p->kill();
        return false;
    }
    lvrm_frame frame;
    if (p->frame(frame)) {
        put(lvrm_forward(place(frame, p), static_cast<uint32_t>(port)));
        p->detach_frame();
        return true;
    }
    if (p->length() + LVRM_HEADROOM_BYTES > vr_->slot_bytes || !take_spare(frame)) {
        p->kill();
        return false;
    }
    frame = lvrm_set_length(lvrm_set_offset(frame, LVRM_HEADROOM_BYTES), p->length());
    std::memcpy(lvrm_frame_data(vr_, frame), p->data(), p->length());
    put(lvrm_forward(frame, static_cast<uint32_t>(port)));
    p->kill();
    return true;
}

} // namespace click
