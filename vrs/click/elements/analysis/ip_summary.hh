// IP summary dumps: lines of fields that describe packets. What ToIPSummaryDump writes and
// FromIPSummaryDump reads; ip_summary.cc has the fields, ip_summary_options.cc IP and TCP options.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "element.hh"
#include "headers.hh"

namespace click {

/// What a field looks at: a packet's headers as far as they are there.
struct SummaryView {
    explicit SummaryView(const Packet &packet);
    const Packet &packet;
    const click_ip *ip = nullptr; // with all its options
    /// The transport header when it is of that protocol (0: any) and has so many bytes.
    const uint8_t *transport(uint8_t protocol, uint32_t bytes) const;
    /// Where the payload begins and how long it is by the IP length; null without one.
    const uint8_t *payload(uint32_t &there, uint32_t &total) const;
    std::string bad; // why headers are bad, empty when they aren't
    bool is_truncated = false;
};

/// What a line says of a packet.
struct SummaryRecord {
    Timestamp timestamp, first_timestamp;
    uint32_t source = 0, destination = 0; // network order
    uint16_t id = 0, fragment = 0;        // host order
    uint8_t tos = 0, ttl = 0;
    std::optional<uint8_t> protocol;
    std::optional<uint16_t> ip_length, ip_checksum;
    std::string ip_options, tcp_options; // bytes
    uint16_t source_port = 0, destination_port = 0, window = 0, urgent = 0;
    uint32_t sequence = 0, acknowledgement = 0;
    uint16_t tcp_flags = 0;
    std::optional<uint16_t> udp_length;
    uint8_t icmp_type = 0, icmp_code = 0;
    uint16_t icmp_id = 0, icmp_sequence = 0, icmp_mtu = 0;
    std::optional<uint32_t> payload_length;
    std::optional<std::string> payload;
    std::optional<uint8_t> paint;
    uint32_t aggregate = 0, count = 1;
    std::optional<EtherAddress> ether_source, ether_destination;
};

struct SummaryField {
    const char *name;
    /// Adds the field's text; "-" when the packet has no such thing.
    void (*write)(const SummaryView &view, std::string &out);
    /// False when the text isn't one; null: the field isn't read, whatever it says.
    bool (*read)(std::string_view text, SummaryRecord &record);
};

/// By its name, or an older one: "src", "ip src", "tcp seq". Null: there is none.
const SummaryField *find_summary_field(std::string_view name);
/// The fields of a "!data" line or of FIELDS; false after an error.
bool parse_summary_fields(std::string_view text, std::vector<const SummaryField *> &out,
                          ErrorHandler &errh);

std::string ip_options_text(const uint8_t *options, uint32_t bytes);
bool parse_ip_options(std::string_view text, std::string &out);
/// `which`: 'a' all, 's' SACK alone, 'n' without timestamps.
std::string tcp_options_text(const uint8_t *options, uint32_t bytes, char which);
bool parse_tcp_options(std::string_view text, std::string &out);

} // namespace click
