// Neighbour records and waiting frames.
#include "neighbours.hh"

namespace cppvr {

bool Neighbours::set(uint8_t port, const Address &address, const uint8_t mac[6], bool is_stale,
                     uint32_t generation) {
    if (numbers_.size() >= max_neighbours && !numbers_.contains({address, port})) return false;
    const auto [at, is_new] = numbers_.try_emplace({address, port}, 0);
    if (is_new) {
        if (spare_.empty()) {
            at->second = static_cast<uint32_t>(all_.size());
            all_.emplace_back();
        } else {
            at->second = spare_.back();
            spare_.pop_back();
        }
        all_[at->second].address = address;
        all_[at->second].port = port;
    }
    Neighbour &neighbour = all_[at->second];
    std::memcpy(neighbour.mac, mac, sizeof neighbour.mac);
    neighbour.is_stale = is_stale;
    neighbour.generation = generation;
    return true;
}

void Neighbours::free_record(uint32_t number) {
    all_[number] = {};
    spare_.push_back(number);
}

void Neighbours::remove(uint8_t port, const Address &address) {
    const auto at = numbers_.find({address, port});
    if (at == numbers_.end()) return;
    free_record(at->second);
    numbers_.erase(at);
}

void Neighbours::sweep(uint32_t generation) {
    std::erase_if(numbers_, [&](const auto &entry) {
        if (all_[entry.second].generation == generation) return false;
        free_record(entry.second);
        return true;
    });
}

std::vector<Waiting>::iterator Neighbours::find_waiting(uint8_t port, const Address &address) {
    return std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting &it) {
        return it.port == port && it.address == address;
    });
}

Neighbours::Queued Neighbours::wait(uint8_t port, const Address &address, lvrm_frame frame,
                                    uint64_t now_ns) {
    auto at = find_waiting(port, address);
    if (at != waiting_.end() && at->frames.size() >= max_waiting_frames_per_hop)
        return Queued::hop_full;
    if (waiting_frames_ >= max_waiting_frames) return Queued::table_full;
    if (at == waiting_.end()) {
        if (waiting_.size() >= max_waiting_hops) return Queued::table_full;
        waiting_.push_back({.address = address,
                            .port = port,
                            .deadline_ns = now_ns + neighbour_timeout_ns,
                            .frames = {}});
        at = waiting_.end() - 1;
        for (const Asked &it : asked_) {
            if (it.port != port || it.address != address) continue;
            at->is_asked = true;
            at->asked_ns = std::max(at->asked_ns, it.asked_ns);
        }
    }
    at->frames.push_back(frame);
    waiting_frames_ += 1;
    return Queued::waits;
}

void Neighbours::note_asked(uint8_t port, const Address &address, uint64_t now_ns) {
    const auto at = find_waiting(port, address);
    if (at != waiting_.end()) {
        at->is_asked = true;
        at->asked_ns = now_ns;
        return;
    }
    asked_[next_asked_] = {address, port, now_ns};
    next_asked_ = (next_asked_ + 1) % asked_.size();
}

std::vector<lvrm_frame> Neighbours::take_waiting(uint8_t port, const Address &address) {
    const auto at = find_waiting(port, address);
    if (at == waiting_.end()) return {};
    std::vector<lvrm_frame> frames = std::move(at->frames);
    waiting_.erase(at);
    waiting_frames_ -= frames.size();
    return frames;
}

std::optional<Waiting> Neighbours::take_expired(uint64_t now_ns) {
    const auto at = std::find_if(waiting_.begin(), waiting_.end(),
                                 [&](const Waiting &it) { return it.deadline_ns <= now_ns; });
    if (at == waiting_.end()) return std::nullopt;
    Waiting expired = std::move(*at);
    waiting_.erase(at);
    waiting_frames_ -= expired.frames.size();
    return expired;
}

} // namespace cppvr
