// What exchange.hh declares. An event is a row of records: Head, then its bytes.
#include "exchange.hh"

#include <cstring>
#include <utility>

#include "element.hh"

namespace click {

namespace {

struct Head {
    uint64_t id; // of the element; 0: the exchange itself
    uint16_t bytes;
    uint8_t kind;
    uint8_t reserved[5];
};

constexpr uint8_t kind_greeting = 1;
constexpr uint8_t kind_told = 2; // the answer to a greeting is complete
constexpr size_t max_waiting = 256;

/// FNV-1a of name and class. A chance agreement would deliver entries to a wrong element, which
/// checks them.
uint64_t id_of(const Element *element) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : element->declaration()) {
        hash ^= static_cast<uint8_t>(c);
        hash *= 0x100000001b3;
    }
    return hash ? hash : 1;
}

} // namespace

void Exchange::add(const Element *element, Sharer *sharer) {
    members_.push_back({id_of(element), sharer, 0, false});
}

void Exchange::remove(Sharer *sharer) {
    for (auto *all : {&members_, &staged_})
        std::erase_if(*all, [&](const Member &it) { return it.sharer == sharer; });
}

void Exchange::take_staged() {
    members_.swap(staged_);
    greet();
}

void Exchange::put(uint64_t id, uint8_t kind, std::string_view bytes) {
    if (gathered_.size() + sizeof(Head) + bytes.size() > max_event_bytes) {
        if (waiting_.size() < max_waiting)
            waiting_.push_back(std::move(gathered_));
        else
            lost_ += 1;
        gathered_.clear();
    }
    const Head head{id, static_cast<uint16_t>(bytes.size()), kind, {}};
    gathered_.append(reinterpret_cast<const char *>(&head), sizeof head);
    gathered_ += bytes;
}

void Exchange::announce(const Element *from, uint8_t kind, std::string_view bytes) {
    if (bytes.size() <= max_entry_bytes) put(id_of(from), kind, bytes);
}

void Exchange::greet() { put(0, kind_greeting, {}); }

void Exchange::receive(std::string_view event) {
    has_heard_ = true;
    while (event.size() >= sizeof(Head)) {
        Head head;
        std::memcpy(&head, event.data(), sizeof head);
        event.remove_prefix(sizeof head);
        if (head.bytes > event.size()) return;
        const std::string_view bytes = event.substr(0, head.bytes);
        event.remove_prefix(head.bytes);
        if (head.id == 0) {
            is_answering_ |= head.kind == kind_greeting;
            is_told_ |= head.kind == kind_told;
        }
        // By number: receiving may not add members, but nothing else is promised.
        for (size_t i = 0; i < members_.size(); i += 1) {
            if (head.id == 0 && head.kind == kind_greeting) {
                members_[i].cursor = 0;
                members_[i].is_telling = true;
            } else if (members_[i].id == head.id) {
                members_[i].sharer->receive(head.kind, bytes);
            }
        }
    }
}

bool Exchange::flush() {
    for (;;) {
        while (!waiting_.empty()) {
            if (!send(waiting_.front())) return false;
            waiting_.pop_front();
        }
        for (Member &it : members_)
            while (it.is_telling && waiting_.empty()) it.is_telling = it.sharer->tell(it.cursor);
        if (!waiting_.empty()) continue;
        if (std::exchange(is_answering_, false)) put(0, kind_told, {});
        if (gathered_.empty()) return true;
        waiting_.push_back(std::move(gathered_));
        gathered_.clear();
    }
}

} // namespace click
