// The table behind ARPQuerier: addresses known, asked for, and packets that wait for an answer.
// Siblings tell each other what they learn.
#pragma once

#include <unordered_map>

#include "element.hh"
#include "exchange.hh"
#include "headers.hh"

namespace click {

/// Sends packets that waited, a chain by Packet::next.
class ARPSender {
  public:
    virtual void send_waiting(Packet *p, const EtherAddress &ether) = 0;

  protected:
    ~ARPSender() = default;
};

class ARPTable final : public Element, public Sharer {
  public:
    const char *class_name() const override { return "ARPTable"; }
    int configure(Args &args) override;
    int initialize(ErrorHandler &) override { return share(this), 0; }
    void cleanup(CleanupStage) override { close(); }
    void add_handlers() override;
    void take_state(Element *old, ErrorHandler &) override;
    ~ARPTable() override { clear(); }

    struct Entry {
        EtherAddress ether;
        bool is_known = false;
        int64_t live_ns = 0;                      // when it was confirmed
        int64_t asked_ns = 0;                     // when a query was sent last
        int64_t told_ns = 0;                      // when siblings were told last
        Packet *first = nullptr, *last = nullptr; // that wait, by Packet::next
    };
    enum class Found { known, known_but_old, unknown };

    /// `out` when it is known. known_but_old: it should be asked for again.
    Found lookup(IPAddress ip, EtherAddress &out);
    /// Lets a packet wait. `asks`: a query is due.
    void wait(IPAddress ip, Packet *p, bool &asks);
    /// Whether a query for a known address is due.
    bool should_poll(IPAddress ip);
    /// Learns, and tells siblings; returns the packets that waited, a chain by Packet::next, oldest
    /// first.
    Packet *learn(IPAddress ip, const EtherAddress &ether);
    /// Siblings know the table by `owner` from now on: itself, or the only element that uses it.
    void share(const Element *owner);
    /// Sends what waited, when a sibling learned what was waited for.
    void set_sender(ARPSender *sender) { sender_ = sender; }
    void receive(uint8_t kind, std::string_view bytes) override;
    bool tell(size_t &cursor) override;
    void close();
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
    Packet *enter(IPAddress ip, const EtherAddress &ether, int64_t live_ns);
    void announce(IPAddress ip, Entry &entry, int64_t now);

    std::unordered_map<uint32_t, Entry> entries_;
    const Element *owner_ = nullptr;
    ARPSender *sender_ = nullptr;
    uint32_t capacity_ = 2048;    // packets that wait
    uint32_t entry_capacity_ = 0; // 0: no limit
    Timestamp timeout_ = Timestamp::seconds(300), poll_ = Timestamp::seconds(60);
    size_t waiting_ = 0;
    uint64_t drops_ = 0;
    int64_t expired_ns_ = 0;
};

} // namespace click
