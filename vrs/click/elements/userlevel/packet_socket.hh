// An interface of this machine as a packet socket, for `lvrm click` without lvrm.
#pragma once

#include <string>

#include "error.hh"
#include "packet.hh"

namespace click {

/// A descriptor that doesn't block, bound to the interface; -1 after a message.
int open_packet_socket(const std::string &name, bool is_promiscuous, ErrorHandler &errh);
/// Fills the packet (as long as it is) with the next frame, and marks it. False: none is there.
bool receive_packet(int descriptor, Packet *p, bool has_outbound);

} // namespace click
