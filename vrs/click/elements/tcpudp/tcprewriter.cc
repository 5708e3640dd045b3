/*
=c
TCPRewriter(INPUTSPEC1, ..., INPUTSPECn [, I<keywords> TCP_TIMEOUT, TCP_DONE_TIMEOUT,
TCP_NODATA_TIMEOUT, TCP_GUARANTEE, REAP_INTERVAL, MAPPING_CAPACITY, DST_ANNO])
=s nat
rewrites addresses, ports and sequence numbers of TCP packets
=d
As IPRewriter, for TCP packets alone. Where FTPPortMapper changes the length of a flow's data,
sequence
numbers, acknowledgements and selective acknowledgements follow.
=k TCP_TIMEOUT
As for IPRewriter, like the other keywords; also TIMEOUT and GUARANTEE.
=h table r
=h tcp_table r
=h tcp_lookup r+
=h nmappings r
=h mapping_failures r
=h patterns r
=h capacity rw
=h clear w
=a IPRewriter, FTPPortMapper
*/
#include "elements/tcpudp/tcprewriter.hh"

namespace click {

void *TCPRewriter::cast(const char *name) {
    if (std::string_view(name) == "TCPRewriter") return this;
    return PortRewriter::cast(name);
}

void TCPRewriter::add_handlers() {
    Rewriter::add_handlers();
    add_read("tcp_table", [this] { return dump(ip_proto_tcp); });
    add_lookup("tcp_lookup", ip_proto_tcp);
}

void TCPRewriter::add_keywords(Args &args) {
    tcp_.add_keywords(args, true);
    args.keyword("DST_ANNO", sets_dst_anno_);
}

uint8_t TCPRewriter::apply(const Flow &flow, uint32_t number, int direction, Packet *p) {
    const uint8_t seen = rewrite(flow, direction, p);
    if (!shifts_.empty()) [[unlikely]]
        if (const auto at = shifts_.find(number); at != shifts_.end())
            shift(at->second, direction, p);
    return seen;
}

void TCPRewriter::shift(const Shifts &shifts, int direction, Packet *p) const {
    click_tcp *tcp = p->tcp_header();
    const auto change = [&](uint8_t *field, int32_t by) {
        const auto before = load<uint32_t>(field);
        const uint32_t after = net32(net32(before) + static_cast<uint32_t>(by));
        // Odd offsets within the header turn the bytes of a sum round.
        const bool is_odd = (field - reinterpret_cast<uint8_t *>(tcp)) % 2;
        const auto turn = [&](uint32_t v) { return is_odd ? (v << 8 | v >> 24) : v; };
        tcp->checksum = checksum_update32(tcp->checksum, turn(before), turn(after));
        store(field, after);
    };
    auto *header = reinterpret_cast<uint8_t *>(tcp);
    const Shift &own = shifts.of[direction], &other = shifts.of[!direction];
    change(header + 4, own.of(net32(tcp->sequence)));
    if (!(tcp->flags & 16)) return;
    change(header + 8, -other.of_shifted(net32(tcp->acknowledgement)));
    const uint32_t end = std::min(tcp->header_length(), p->transport_length());
    for (uint32_t at = sizeof *tcp; at + 1 < end && header[at] != 0;) {
        if (header[at] == 1) {
            at += 1;
            continue;
        }
        const uint32_t length = header[at + 1];
        if (length < 2 || at + length > end) return;
        if (header[at] == 5) // selective acknowledgements
            for (uint32_t block = at + 2; block + 4 <= at + length; block += 4)
                change(header + block, -other.of_shifted(net32(load<uint32_t>(header + block))));
        at += length;
    }
}

bool TCPRewriter::shift_sequence(const FlowKey &key, uint32_t trigger, int32_t difference) {
    int direction;
    Flow *flow = find(key, direction);
    if (!flow) return false;
    const auto number = static_cast<uint32_t>(flow - &table_[0]);
    const auto [at, is_new] = shifts_.try_emplace(number);
    if (is_new) at->second = {};
    Shift &it = at->second.of[direction];
    // Sent again: known already.
    if (!is_new && (it.before || it.after) && static_cast<int32_t>(trigger - it.trigger) <= 0)
        return true;
    it = {trigger, it.after, it.after + difference};
    if (exchange) announce(number);
    return true;
}

void TCPRewriter::add_details(uint32_t number, std::string &out) const {
    if (const auto at = shifts_.find(number); at != shifts_.end())
        out.append(reinterpret_cast<const char *>(&at->second), sizeof at->second);
}

void TCPRewriter::take_details(uint32_t number, std::string_view bytes) {
    if (bytes.size() == sizeof(Shifts)) std::memcpy(&shifts_[number], bytes.data(), bytes.size());
}

void TCPRewriter::move_details(uint32_t from, uint32_t to, Rewriter &old) {
    const auto &theirs = static_cast<TCPRewriter &>(old).shifts_;
    if (const auto at = theirs.find(from); at != theirs.end()) shifts_[to] = at->second;
}

} // namespace click

EXPORT_ELEMENT(TCPRewriter)
