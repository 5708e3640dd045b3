// What the VRIs of one VR tell each other: entries of tables (rewriters' flows, ARP), as control
// events between siblings. Entries are gathered into events, which go when the pass ends. One that
// finds no room is lost: it is told again when its element refreshes it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace click {

class Element;

/// An element whose entries siblings shall know.
class Sharer {
  public:
    /// An entry that the element of the same name in a sibling announced. Another process wrote it:
    /// check every field.
    virtual void receive(uint8_t kind, std::string_view bytes) = 0;
    /// Announces some entries from `cursor` on, for a sibling that is new, and moves it. False when
    /// that was all.
    virtual bool tell(size_t & /*cursor*/) { return false; }

  protected:
    ~Sharer() = default;
};

class Exchange {
  public:
    static constexpr size_t max_entry_bytes = 1024;

    explicit Exchange(uint32_t number) : number_(number) {}
    virtual ~Exchange() = default;
    Exchange(const Exchange &) = delete;

    /// In initialize() and cleanup() of an element: it is known to siblings by its name and class.
    void add(const Element *element, Sharer *sharer);
    void remove(Sharer *sharer);
    /// Between the two, who is added belongs to a router that is only prepared: siblings don't
    /// reach it before take_staged().
    void begin_staging() { members_.swap(staged_); }
    void end_staging() { members_.swap(staged_); }
    /// The prepared router's from now on, and it asks for what siblings know.
    void take_staged();

    /// An entry of at most max_entry_bytes, to all siblings.
    void announce(const Element *from, uint8_t kind, std::string_view bytes);
    template <class T>
        requires(std::is_trivially_copyable_v<T> &&
                 !std::is_convertible_v<const T &, std::string_view>)
    void announce(const Element *from, uint8_t kind, const T &entry) {
        announce(from, kind, {reinterpret_cast<const char *>(&entry), sizeof entry});
    }
    /// Asks the siblings for what they know.
    void greet();
    /// Whether one of them has told all it knows, and whether any has said anything.
    bool is_told() const { return is_told_; }
    bool has_heard() const { return has_heard_; }
    /// An event from a sibling.
    void receive(std::string_view event);
    /// Sends what was gathered. False when some of it has to wait.
    bool flush();

    /// Differs between siblings: where to start when choosing what must differ, such as ports.
    uint32_t number() const { return number_; }
    uint64_t lost() const { return lost_; }

  protected:
    /// To all siblings, at most max_event_bytes. False: no room now.
    virtual bool send(std::string_view event) = 0;
    static constexpr size_t max_event_bytes = 4096;

  private:
    struct Member {
        uint64_t id;
        Sharer *sharer;
        size_t cursor;
        bool is_telling;
    };
    void put(uint64_t id, uint8_t kind, std::string_view bytes);

    uint32_t number_;
    std::vector<Member> members_, staged_;
    std::string gathered_;
    std::deque<std::string> waiting_;
    uint64_t lost_ = 0;
    bool is_answering_ = false; // a greeting
    bool is_told_ = false, has_heard_ = false;
};

/// Null where there are no siblings: in `lvrm click`.
inline Exchange *exchange = nullptr;

} // namespace click
