// The trie against a linear scan.
#include "fib.hh"

#include <time.h>

#include "check.hh"

namespace cppvr {
namespace {

using test::Random;

template <class Key> struct Route {
    Key prefix;
    unsigned length;
    uint32_t value;
};

/// The straightforward reference: looks at every route.
template <class Key> class Scan {
  public:
    static constexpr unsigned bits = sizeof(Key) * 8;
    static bool holds(const Route<Key> &route, Key key) {
        return route.length == 0 || (key ^ route.prefix) >> (bits - route.length) == 0;
    }
    uint32_t lookup(Key key) const {
        const Route<Key> *best = nullptr;
        for (const auto &route : routes)
            if (holds(route, key) && (!best || route.length > best->length)) best = &route;
        return best ? best->value : 0;
    }
    void set(Key prefix, unsigned length, uint32_t value) {
        remove(prefix, length);
        routes.push_back({prefix, length, value});
    }
    uint32_t remove(Key prefix, unsigned length) {
        for (size_t i = 0; i < routes.size(); i += 1) {
            if (routes[i].prefix != prefix || routes[i].length != length) continue;
            const uint32_t value = routes[i].value;
            routes.erase(routes.begin() + static_cast<long>(i));
            return value;
        }
        return 0;
    }
    std::vector<Route<Key>> routes;
};

template <class Key> Key random_key(Random &random, Key base) {
    Key key = static_cast<Key>(random.next());
    if constexpr (sizeof(Key) == 16) key = key << 64 | random.next();
    // Mostly near one another, so that prefixes nest.
    const unsigned bits = sizeof(Key) * 8;
    const unsigned shared = static_cast<unsigned>(random.below(bits));
    return static_cast<Key>(base ^ (key >> shared));
}

template <class Fib, class Key> void compare_with_scan(uint64_t seed, Key base) {
    Random random(seed);
    Fib fib;
    Scan<Key> scan;
    const unsigned bits = sizeof(Key) * 8;
    for (int round = 0; round < 3'000; round += 1) {
        const unsigned length = static_cast<unsigned>(random.below(bits + 1));
        const Key prefix = static_cast<Key>(random_key<Key>(random, base) & Fib::mask(length));
        if (random.below(5) < 3 || scan.routes.empty()) {
            const uint32_t value = 1 + static_cast<uint32_t>(random.below(4));
            fib.set(prefix, length, value);
            scan.set(prefix, length, value);
        } else {
            const auto gone = scan.routes[random.below(scan.routes.size())];
            CHECK(fib.remove(gone.prefix, gone.length) == scan.remove(gone.prefix, gone.length));
            CHECK(fib.remove(gone.prefix, gone.length) == 0);
        }
        CHECK(fib.size() == scan.routes.size());
        for (int probe = 0; probe < 20; probe += 1) {
            Key key = random_key<Key>(random, base);
            if (probe % 2 && !scan.routes.empty()) // at a prefix's first and last address
                key = static_cast<Key>(scan.routes[random.below(scan.routes.size())].prefix -
                                       static_cast<Key>(random.below(2)));
            CHECK(fib.lookup(key) == scan.lookup(key));
        }
    }
    while (!scan.routes.empty()) {
        const auto gone = scan.routes.back();
        scan.remove(gone.prefix, gone.length);
        CHECK(fib.remove(gone.prefix, gone.length) == gone.value);
    }
    CHECK(fib.nodes_in_use() == 0);
    CHECK(fib.lookup(base) == 0);
}

TEST(fib_random_v4, "IPv4 lookups equal a linear scan under random changes") {
    for (uint64_t seed = 1; seed <= 6; seed += 1)
        compare_with_scan<Fib4, uint32_t>(seed, 0x0a000100);
}

TEST(fib_random_v6, "IPv6 lookups equal a linear scan under random changes") {
    const Word128 base = static_cast<Word128>(0x20010db800010002) << 64 | 5;
    for (uint64_t seed = 1; seed <= 6; seed += 1) compare_with_scan<Fib6, Word128>(seed, base);
}

TEST(fib_sweep, "sweep() removes what another generation set") {
    Fib4 fib;
    fib.set(0x0a000000, 8, 1, 1);
    fib.set(0x0a010000, 16, 2, 1);
    fib.set(0x0a000000, 8, 3, 2);
    uint32_t gone = 0;
    fib.sweep(2, [&](uint32_t value) { gone += value; });
    CHECK(gone == 2);
    CHECK(fib.size() == 1);
    CHECK(fib.lookup(0x0a010203) == 3);
}

TEST(fib_large, "200,000 IPv4 and 100,000 IPv6 routes load within seconds and go again") {
    Random random(9);
    timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    Fib4 fib4;
    Fib6 fib6;
    std::vector<uint32_t> some4;
    std::vector<Word128> some6;
    for (int i = 0; i < 200'000; i += 1) {
        some4.push_back(static_cast<uint32_t>(random.next()) & Fib4::mask(24));
        fib4.set(some4.back(), 24, 1 + static_cast<uint32_t>(i) % 8);
    }
    for (int i = 0; i < 100'000; i += 1) {
        const Word128 prefix = static_cast<Word128>(random.next() >> 3 | 1ull << 61) << 64;
        some6.push_back(prefix & Fib6::mask(48));
        fib6.set(some6.back(), 48, 1 + static_cast<uint32_t>(i) % 8);
    }
    timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    // A bound against quadratic work, not a benchmark: it takes 0.1 s on an idle core.
    CHECK(end.tv_sec - start.tv_sec < 20);
    for (const uint32_t prefix : some4) CHECK(fib4.lookup(prefix | 77) != 0);
    for (const uint32_t prefix : some4) fib4.remove(prefix, 24);
    for (const Word128 prefix : some6) CHECK(fib6.lookup(prefix | 77) != 0);
    for (const Word128 prefix : some6) fib6.remove(prefix, 48);
    CHECK(fib4.nodes_in_use() == 0);
    CHECK(fib6.nodes_in_use() == 0);
}

} // namespace
} // namespace cppvr
