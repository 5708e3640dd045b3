// From a line of an IP summary dump to a packet.
#pragma once

#include "elements/analysis/ip_summary.hh"

namespace click {

struct SummaryPacketOptions {
    bool is_zero = true;        // what no field says, else random
    bool has_checksums = false; // and all bytes of the IP length
};

Packet *make_summary_packet(const SummaryRecord &record, const SummaryPacketOptions &how);

} // namespace click
