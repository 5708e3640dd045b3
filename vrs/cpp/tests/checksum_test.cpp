// Checksum arithmetic against straightforward references.
#include "checksum.hh"

#include <vector>

#include "check.hh"

namespace cppvr {
namespace {

using test::Random;

/// RFC 1071 as it is written, one 16-bit word after the other.
uint16_t reference(const std::vector<uint8_t> &bytes) {
    uint32_t sum = 0;
    for (size_t at = 0; at < bytes.size(); at += 2) {
        sum += static_cast<uint32_t>(bytes[at]) << 8;
        if (at + 1 < bytes.size()) sum += bytes[at + 1];
        while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<uint16_t>(~sum);
}

std::vector<uint8_t> random_bytes(Random &random, size_t count) {
    std::vector<uint8_t> bytes(count);
    for (uint8_t &byte : bytes) {
        // Many zeros and ones: the carries are where mistakes are.
        const uint64_t kind = random.below(3);
        byte = static_cast<uint8_t>(kind == 0 ? 0 : kind == 1 ? 0xff : random.next());
    }
    return bytes;
}

TEST(checksum_reference, "checksum() equals RFC 1071's loop at every length") {
    Random random(1);
    for (size_t length = 0; length < 600; length += 1) {
        const auto bytes = random_bytes(random, length);
        CHECK(checksum(bytes) == reference(bytes));
    }
}

TEST(checksum_update, "update_checksum() equals a new sum for any word, both zeros told apart") {
    Random random(2);
    for (int round = 0; round < 200'000; round += 1) {
        auto bytes = random_bytes(random, 20);
        bytes[0] = 0x45; // a header is never all zero
        bytes[10] = bytes[11] = 0;
        const uint16_t before = reference(bytes);
        const size_t at = 2 * (4 + 5 * random.below(2)) % 20;
        const uint16_t old_word = load16(&bytes[at]);
        const uint16_t new_word = static_cast<uint16_t>(random.next());
        store16(&bytes[at], new_word);
        CHECK(update_checksum(before, old_word, new_word) == reference(bytes));
    }
}

TEST(checksum_ttl, "decrement_ttl() keeps any header valid down to zero") {
    Random random(3);
    for (int round = 0; round < 20'000; round += 1) {
        const size_t length = 20 + 4 * random.below(11);
        auto header = random_bytes(random, length);
        header[0] = static_cast<uint8_t>(0x40 | length / 4);
        header[10] = header[11] = 0;
        store16(&header[10], reference(header));
        CHECK(ipv4_checksum_holds(header.data(), length));
        while (header[8] > 0) {
            decrement_ttl(header.data());
            CHECK(ipv4_checksum_holds(header.data(), length));
            auto zeroed = header;
            zeroed[10] = zeroed[11] = 0;
            CHECK(load16(&header[10]) == reference(zeroed));
        }
        header[3] = static_cast<uint8_t>(header[3] + 1);
        CHECK(!ipv4_checksum_holds(header.data(), length));
    }
}

} // namespace
} // namespace cppvr
