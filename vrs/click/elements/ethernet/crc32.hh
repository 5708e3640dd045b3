// The CRC of Ethernet (IEEE 802.3), by table.
#pragma once

#include <array>
#include <cstdint>

namespace click {

namespace crc32_table {
constexpr std::array<uint32_t, 256> make() {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; i += 1) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit += 1)
            value = value & 1 ? 0xedb88320 ^ value >> 1 : value >> 1;
        table[i] = value;
    }
    return table;
}
inline constexpr auto values = make();
} // namespace crc32_table

inline uint32_t crc32(const uint8_t *data, uint32_t bytes) {
    uint32_t crc = ~uint32_t{0};
    for (uint32_t i = 0; i < bytes; i += 1)
        crc = crc32_table::values[(crc ^ data[i]) & 255] ^ crc >> 8;
    return ~crc;
}

} // namespace click
