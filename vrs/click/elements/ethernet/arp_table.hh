// The table behind ARPQuerier: addresses known, asked for, and packets that wait for an answer.
#pragma once

#include <unordered_map>

#include "element.hh"
#include "headers.hh"

namespace click {

class ARPTable final : public Element {
  public:
    const char *class_name() const override { return "ARPTable"; }
    int configure(Args &args) override;
    void cleanup(CleanupStage) override { clear(); }
    void add_handlers() override;
    void take_state(Element *old, ErrorHandler &) override;
    ~ARPTable() override { clear(); }

    struct Entry {
        EtherAddress ether;
        bool is_known = false;
        int64_t live_ns = 0;                      // when it was confirmed
        int64_t asked_ns = 0;                     // when a query was sent last
        Packet *first = nullptr, *last = nullptr; // that wait, by Packet::next
    };
    enum class Found { known, known_but_old, unknown };

    /// `out` when it is known. known_but_old: it should be asked for again.
    Found lookup(IPAddress ip, EtherAddress &out);
    /// Lets a packet wait. `asks`: a query is due.
    void wait(IPAddress ip, Packet *p, bool &asks);
    /// Whether a query for a known address is due.
    bool should_poll(IPAddress ip);
    /// Learns; returns the packets that waited, a chain by Packet::next, oldest first.
    Packet *learn(IPAddress ip, const EtherAddress &ether);
    void remove(IPAddress ip);
    void clear();
    std::string dump() const;
    uint64_t drops() const { return drops_; }
    size_t waiting() const { return waiting_; }
    size_t size() const { return entries_.size(); }

    void set_limits(uint32_t capacity, uint32_t entries, Timestamp timeout, Timestamp poll) {
        capacity_ = capacity;
        entry_capacity_ = entries;
        timeout_ = timeout;
        poll_ = poll;
    }

  private:
    void drop_waiting(Entry &entry);
    void expire(int64_t now);

    std::unordered_map<uint32_t, Entry> entries_;
    uint32_t capacity_ = 2048;    // packets that wait
    uint32_t entry_capacity_ = 0; // 0: no limit
    Timestamp timeout_ = Timestamp::seconds(300), poll_ = Timestamp::seconds(60);
    size_t waiting_ = 0;
    uint64_t drops_ = 0;
    int64_t expired_ns_ = 0;
};

} // namespace click
