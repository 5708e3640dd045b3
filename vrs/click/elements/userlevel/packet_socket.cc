// What packet_socket.hh declares.
#include "elements/userlevel/packet_socket.hh"

#include <cerrno>
#include <cstring>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace click {

int open_packet_socket(const std::string &name, bool is_promiscuous, ErrorHandler &errh) {
    const unsigned index = if_nametoindex(name.c_str());
    if (index == 0) return errh.error("%s: no such device", name.c_str());
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
    if (fd < 0) return errh.error("%s: socket: %s", name.c_str(), std::strerror(errno));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(index);
    packet_mreq membership{};
    membership.mr_ifindex = static_cast<int>(index);
    membership.mr_type = PACKET_MR_PROMISC;
    if (::bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) < 0 ||
        (is_promiscuous &&
         ::setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) < 0)) {
        errh.error("%s: bind: %s", name.c_str(), std::strerror(errno));
        ::close(fd);
        return -1;
    }
    return fd;
}

bool receive_packet(int descriptor, Packet *p, bool has_outbound) {
    for (;;) {
        sockaddr_ll from{};
        socklen_t size = sizeof from;
        const ssize_t bytes = ::recvfrom(descriptor, p->data(), p->length(), MSG_TRUNC,
                                         reinterpret_cast<sockaddr *>(&from), &size);
        if (bytes <= 0) return false;
        if (from.sll_pkttype == PACKET_OUTGOING && !has_outbound) continue;
        if (static_cast<uint64_t>(bytes) < p->length())
            p->take(p->length() - static_cast<uint32_t>(bytes));
        p->set_timestamp(Timestamp::now());
        p->set_packet_type(static_cast<PacketType>(from.sll_pkttype <= 5 ? from.sll_pkttype : 0));
        if (p->length() >= 14) p->set_mac_header(p->data(), 14);
        return true;
    }
}

} // namespace click
