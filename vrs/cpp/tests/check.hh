// A small test harness: tests register themselves, failures say where, and count.
#pragma once

#include <cstdint>
#include <cstdio>

namespace cppvr::test {

struct Test {
    const char *name;
    void (*run)();
    Test *next;
    Test(const char *test_name, void (*body)());
};

void report_failure(const char *file, int line, const char *what);

/// A seeded generator (xorshift64*), so that a failure repeats.
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
    uint64_t next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545f4914f6cdd1d;
    }
    /// 0..below-1
    uint64_t below(uint64_t below) { return (next() >> 11) % below; }

  private:
    uint64_t state_;
};

} // namespace cppvr::test

#define TEST(name, text)                                                                           \
    static void name();                                                                            \
    static ::cppvr::test::Test name##_entry(text, name);                                           \
    static void name()

/// Goes on after a failure.
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) ::cppvr::test::report_failure(__FILE__, __LINE__, #condition);           \
    } while (0)
