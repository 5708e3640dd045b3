// IP options that a gateway fills in: record route and timestamp (RFC 791, RFC 1812 5.2.4).
#pragma once

#include <vector>

#include "address.hh"
#include "elements/ip/ip_tools.hh"
#include "time.hh"

namespace click {

class GatewayOptions {
  public:
    /// The first is recorded; packets are stamped for any of them.
    std::vector<IPAddress> addresses;

    /// 0, or the offset in the header of what is wrong with the options.
    uint8_t process(click_ip *ip) const {
        auto *header = reinterpret_cast<uint8_t *>(ip);
        const uint32_t end = ip->header_length();
        bool is_changed = false;
        uint32_t problem = 0;
        for (uint32_t at = sizeof(click_ip); at < end && !problem;) {
            const uint8_t type = header[at];
            if (type == end_of_list) break;
            if (type == no_operation) {
                at += 1;
                continue;
            }
            if (at + 1 >= end || header[at + 1] < 2 || at + header[at + 1] > end) {
                problem = at + 1;
            } else if (type == record_route) {
                problem = record(header, at, is_changed);
            } else if (type == timestamp) {
                problem = stamp(header, at, is_changed);
            }
            if (!problem) at += header[at + 1];
        }
        if (is_changed) set_ip_checksum(ip);
        return static_cast<uint8_t>(problem);
    }

  private:
    enum : uint8_t { end_of_list = 0, no_operation = 1, record_route = 7, timestamp = 68 };

    uint32_t record(uint8_t *header, uint32_t at, bool &is_changed) const {
        const uint32_t length = header[at + 1];
        if (length < 3) return at + 1;
        const uint32_t pointer = header[at + 2];
        if (pointer < 4) return at + 2;
        if (pointer > length) return 0; // full
        if (pointer + 3 > length) return at + 2;
        store(header + at + pointer - 1, addresses[0].addr);
        header[at + 2] = static_cast<uint8_t>(pointer + 4);
        is_changed = true;
        return 0;
    }
    uint32_t stamp(uint8_t *header, uint32_t at, bool &is_changed) const {
        const uint32_t length = header[at + 1];
        if (length < 4) return at + 1;
        const uint32_t pointer = header[at + 2], flag = header[at + 3] & 15u;
        if (pointer < 5) return at + 2;
        const uint32_t bytes = flag == 0 ? 4 : 8;
        if (flag != 0 && flag != 1 && flag != 3) return at + 3;
        if (pointer + bytes - 1 > length) {
            if (flag == 3) return pointer > length ? 0 : at + 2;
            if (pointer <= length) return at + 2;
            if (header[at + 3] >> 4 == 15) return at + 3; // the count of those without room
            header[at + 3] = static_cast<uint8_t>(header[at + 3] + 16);
            is_changed = true;
            return 0;
        }
        uint8_t *to = header + at + pointer - 1;
        if (flag == 3 && !is_mine(load<uint32_t>(to))) return 0;
        if (flag == 1) store(to, addresses[0].addr);
        store(to + bytes - 4, net32(ms_of_day()));
        header[at + 2] = static_cast<uint8_t>(pointer + bytes);
        is_changed = true;
        return 0;
    }
    bool is_mine(uint32_t address) const {
        for (const IPAddress &it : addresses)
            if (it.addr == address) return true;
        return false;
    }
    static uint32_t ms_of_day() {
        return static_cast<uint32_t>(Timestamp::now().to_ms() % 86'400'000);
    }
};

} // namespace click
