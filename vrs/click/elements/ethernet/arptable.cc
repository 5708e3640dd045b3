/*
=c
ARPTable([I<keywords> TIMEOUT, CAPACITY, ENTRY_CAPACITY, POLL_TIMEOUT])
=s arp
stores IP-to-Ethernet mappings
=d
A table that several ARPQueriers may share. It has no ports.
=k TIMEOUT
How long an entry holds without being confirmed. Default 5 minutes; 0: for ever.
=k CAPACITY
Packets that wait for answers, at most. Default 2048.
=k ENTRY_CAPACITY
Entries, at most. Default 0: no limit.
=k POLL_TIMEOUT
After how long a used entry is asked for again. Default 60 seconds; 0: never.
=h table r
=h insert w
IP ETHER
=h delete w
IP
=h clear w
=h count r
=h length r
Packets that wait.
=h drops r
=a ARPQuerier
*/
#include "elements/ethernet/arp_table.hh"

#include <algorithm>

namespace click {

namespace {

constexpr int64_t query_gap_ns = 100'000'000; // between queries for one address
constexpr int64_t expire_gap_ns = 1'000'000'000;
constexpr int64_t tell_gap_ns = 1'000'000'000; // between news that say the same
constexpr size_t told_at_once = 256;

constexpr uint8_t kind_entry = 1;

/// An entry as siblings are told of it.
struct SharedEntry {
    uint32_t ip;
    uint8_t ether[6];
    uint8_t reserved[2];
    int64_t age_ns; // since it was confirmed
};

} // namespace

int ARPTable::configure(Args &args) {
    return args.keyword("TIMEOUT", Seconds{}, timeout_)
        .keyword("CAPACITY", capacity_)
        .keyword("ENTRY_CAPACITY", entry_capacity_)
        .keyword("POLL_TIMEOUT", Seconds{}, poll_)
        .complete();
}

ARPTable::Found ARPTable::lookup(IPAddress ip, EtherAddress &out) {
    const auto it = entries_.find(ip.addr);
    if (it == entries_.end() || !it->second.is_known) return Found::unknown;
    const int64_t age = steady_ns() - it->second.live_ns;
    if (timeout_ && age > timeout_.ns) {
        it->second.is_known = false;
        return Found::unknown;
    }
    out = it->second.ether;
    return poll_ && age > poll_.ns ? Found::known_but_old : Found::known;
}

bool ARPTable::should_poll(IPAddress ip) {
    const auto it = entries_.find(ip.addr);
    const int64_t now = steady_ns();
    if (it == entries_.end() || now - it->second.asked_ns < query_gap_ns * 10) return false;
    it->second.asked_ns = now;
    return true;
}

void ARPTable::drop_waiting(Entry &entry) {
    while (Packet *p = entry.first) {
        entry.first = p->next;
        p->next = nullptr;
        p->kill();
        waiting_ -= 1;
        drops_ += 1;
    }
    entry.last = nullptr;
}

/// Entries that nobody answered for, now and then.
void ARPTable::expire(int64_t now) {
    if (now - expired_ns_ < expire_gap_ns) return;
    expired_ns_ = now;
    for (auto place = entries_.begin(); place != entries_.end();) {
        Entry &it = place->second;
        const int64_t since = std::max(it.live_ns, it.asked_ns);
        const bool is_over = it.is_known ? timeout_ && now - it.live_ns > timeout_.ns
                                         : now - since > 5 * expire_gap_ns;
        if (is_over) drop_waiting(it);
        place = is_over ? entries_.erase(place) : std::next(place);
    }
}

void ARPTable::wait(IPAddress ip, Packet *p, bool &asks) {
    const int64_t now = steady_ns();
    expire(now);
    asks = false;
    const bool is_new = !entries_.contains(ip.addr);
    const bool is_full = entry_capacity_ && entries_.size() >= entry_capacity_ && is_new;
    if (is_full || capacity_ == 0) {
        drops_ += 1;
        return p->kill();
    }
    Entry &entry = entries_[ip.addr];
    asks = is_new || now - entry.asked_ns >= query_gap_ns;
    if (asks) entry.asked_ns = now;
    while (waiting_ >= capacity_) { // the oldest of this address, else this one
        Packet *oldest = entry.first;
        drops_ += 1;
        if (!oldest) return p->kill();
        entry.first = oldest->next;
        if (!entry.first) entry.last = nullptr;
        oldest->next = nullptr;
        oldest->kill();
        waiting_ -= 1;
    }
    p->next = nullptr;
    (entry.last ? entry.last->next : entry.first) = p;
    entry.last = p;
    waiting_ += 1;
}

Packet *ARPTable::enter(IPAddress ip, const EtherAddress &ether, int64_t live_ns) {
    Entry &entry = entries_[ip.addr];
    entry.ether = ether;
    entry.is_known = true;
    entry.live_ns = live_ns;
    Packet *chain = entry.first;
    entry.first = entry.last = nullptr;
    for (const Packet *p = chain; p; p = p->next) waiting_ -= 1;
    return chain;
}

Packet *ARPTable::learn(IPAddress ip, const EtherAddress &ether) {
    if (ether.is_group()) return nullptr;
    const auto known = entries_.find(ip.addr);
    const bool is_new = known == entries_.end();
    if (is_new && entry_capacity_ && entries_.size() >= entry_capacity_) return nullptr;
    const int64_t now = steady_ns();
    const bool is_news = is_new || !known->second.is_known || known->second.ether != ether ||
                         now - known->second.told_ns >= tell_gap_ns;
    Packet *chain = enter(ip, ether, now);
    if (is_news) announce(ip, entries_[ip.addr], now);
    return chain;
}

void ARPTable::announce(IPAddress ip, Entry &entry, int64_t now) {
    if (!exchange || !owner_) return;
    SharedEntry told{ip.addr, {}, {}, now - entry.live_ns};
    std::memcpy(told.ether, entry.ether.bytes, sizeof told.ether);
    exchange->announce(owner_, kind_entry, told);
    entry.told_ns = now;
}

void ARPTable::share(const Element *owner) {
    owner_ = owner;
    if (exchange) exchange->add(owner, this);
}

void ARPTable::close() {
    if (exchange) exchange->remove(this);
    clear();
}

/// What is older than what is known here is no news; nor is what a sibling makes up, as far as that
/// can be seen.
void ARPTable::receive(uint8_t kind, std::string_view bytes) {
    SharedEntry told;
    if (kind != kind_entry || bytes.size() != sizeof told) return;
    std::memcpy(&told, bytes.data(), sizeof told);
    const EtherAddress ether(told.ether);
    const int64_t now = steady_ns();
    if (ether.is_group() || told.ip == 0 || told.age_ns < 0 || told.age_ns > now ||
        (timeout_ && told.age_ns > timeout_.ns))
        return;
    const auto known = entries_.find(told.ip);
    const bool is_new = known == entries_.end();
    if (is_new && entry_capacity_ && entries_.size() >= entry_capacity_) return;
    const int64_t live_ns = now - told.age_ns;
    if (!is_new && known->second.is_known && known->second.live_ns >= live_ns) return;
    Packet *chain = enter({told.ip}, ether, live_ns);
    if (sender_) return sender_->send_waiting(chain, ether);
    while (chain) {
        Packet *next = chain->next;
        chain->next = nullptr;
        chain->kill();
        drops_ += 1;
        chain = next;
    }
}

/// By bucket: what a growing table moves meanwhile may be left out, and is learned by asking.
bool ARPTable::tell(size_t &cursor) {
    const int64_t now = steady_ns();
    size_t told = 0;
    for (; cursor < entries_.bucket_count(); cursor += 1) {
        if (told >= told_at_once) return true;
        for (auto it = entries_.begin(cursor); it != entries_.end(cursor); ++it) {
            if (!it->second.is_known) continue;
            announce({it->first}, it->second, now);
            told += 1;
        }
    }
    return false;
}

void ARPTable::remove(IPAddress ip) {
    const auto it = entries_.find(ip.addr);
    if (it == entries_.end()) return;
    drop_waiting(it->second);
    entries_.erase(it);
}

void ARPTable::clear() {
    for (auto &[_, entry] : entries_) drop_waiting(entry);
    entries_.clear();
}

void ARPTable::take_state(Element *old, ErrorHandler &) {
    auto *other = static_cast<ARPTable *>(old->cast("ARPTable"));
    clear();
    entries_ = std::move(other->entries_);
    waiting_ = other->waiting_;
    other->entries_.clear();
    other->waiting_ = 0;
}

std::string ARPTable::dump() const {
    std::vector<IPAddress> order;
    for (const auto &[ip, _] : entries_) order.emplace_back(ip);
    std::sort(order.begin(), order.end());
    std::string out;
    const int64_t now = steady_ns();
    for (const IPAddress ip : order) {
        const Entry &it = entries_.at(ip.addr);
        const double age = static_cast<double>(now - it.live_ns) / 1e9;
        out += format("%s %d %s %.6f\n", ip.text().c_str(), it.is_known, it.ether.text().c_str(),
                      it.is_known ? age : 0.0);
    }
    return out;
}

void ARPTable::add_handlers() {
    add_read("table", [this] { return dump(); });
    add_read("count", [this] { return size(); });
    add_read("length", [this] { return waiting_; });
    add_read("drops", [this] { return drops_; });
    add_write("clear", [this] { clear(); });
    add_write("insert", [this](const std::string &text, ErrorHandler &errh) {
        IPAddress ip;
        EtherAddress ether;
        const auto words = split_words(text);
        ArgContext context{this, errh, ""};
        if (words.size() != 2 || !parse_arg(words[0], ip, context) ||
            !parse_arg(words[1], ether, context))
            return errh.error("expected 'IP ETHER'");
        for (Packet *p = learn(ip, ether); p;) {
            Packet *next = p->next;
            p->kill();
            p = next;
        }
        return 0;
    });
    add_write("delete", [this](const std::string &text, ErrorHandler &errh) {
        IPAddress ip;
        ArgContext context{this, errh, ""};
        if (!parse_arg(trim(text), ip, context)) return errh.error("expected IP address");
        remove(ip);
        return 0;
    });
}

} // namespace click

EXPORT_ELEMENT(ARPTable)
