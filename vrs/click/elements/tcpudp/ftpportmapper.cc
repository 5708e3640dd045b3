/*
=c
FTPPortMapper(CONTROL_REWRITER, DATA_REWRITER, DATA_INPUT)
=s nat
lets FTP's active mode through a NAT
=d
Expects packets of FTP control connections, from client to server, with their IP header marked, on
their way to CONTROL_REWRITER, a TCPRewriter. When one has a PORT command, a flow for the data
connection is made in DATA_REWRITER (an IPRewriter or TCPRewriter, perhaps the same one) as the
input
specification of its input DATA_INPUT says; the command then names what the client's address and
port
become. CONTROL_REWRITER adjusts sequence numbers when that makes it longer or shorter. A command
for
which no flow can be made passes as it is.
=e
FTPPortMapper(rw, rw, 0) -> rw :: TCPRewriter(pattern 1.0.0.1 1024-65535 - - 0 1, drop)
=a TCPRewriter, IPRewriter
*/
#include "elements/tcpudp/tcprewriter.hh"

namespace click {

class FTPPortMapper final : public SimpleElement<FTPPortMapper> {
  public:
    const char *class_name() const override { return "FTPPortMapper"; }
    int configure(Args &args) override {
        if (args.mandatory("CONTROL_REWRITER", ElementOf<TCPRewriter>{"TCPRewriter"}, control_)
                .mandatory("DATA_REWRITER", ElementOf<Rewriter>{"Rewriter"}, data_)
                .mandatory("DATA_INPUT", Bounded<int>{0, 1000}, input_)
                .complete() < 0)
            return -1;
        if (input_ >= data_->ninputs()) return args.error("DATA_INPUT out of range");
        return 0;
    }
    Packet *action(Packet *p) {
        if (!has_ip_header(p)) return p;
        const click_ip *ip = p->ip_header();
        if (ip->protocol != ip_proto_tcp || ip->is_fragment()) return p;
        const uint32_t left = p->transport_length();
        if (left < sizeof(click_tcp)) return p;
        const uint32_t header = p->tcp_header()->header_length();
        if (header < sizeof(click_tcp) || header > left) return p;
        const std::string_view text(
            reinterpret_cast<const char *>(p->transport_header()) + header, left - header);
        IPAddress address;
        uint16_t port;
        size_t start, end;
        if (parse(text, start, end, address, port)) map(p, header, start, end, address, port);
        return p;
    }

  private:
    /// "PORT a,b,c,d,e,f": the numbers lie from `start` to `end`.
    static bool parse(std::string_view text, size_t &start, size_t &end, IPAddress &address,
                      uint16_t &port) {
        if (text.size() < 5) return false;
        for (size_t i = 0; i < 4; i += 1)
            if ((text[i] & ~0x20) != "PORT"[i]) return false;
        size_t at = 4;
        while (at < text.size() && text[at] == ' ') at += 1;
        start = at;
        if (start == 4) return false;
        uint32_t numbers[6];
        for (int n = 0; n < 6; n += 1) {
            uint32_t value = 0;
            const size_t first = at;
            while (at < text.size() && is_digit(text[at]) && at - first < 3)
                value = value * 10 + static_cast<uint32_t>(text[at++] - '0');
            if (at == first || value > 255) return false;
            numbers[n] = value;
            if (n < 5 && (at >= text.size() || text[at++] != ',')) return false;
        }
        end = at;
        while (at < text.size() && text[at] == ' ') at += 1;
        if (at >= text.size() || (text[at] != '\r' && text[at] != '\n')) return false;
        address = IPAddress::from_host(numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 |
                                       numbers[3]);
        port = static_cast<uint16_t>(numbers[4] << 8 | numbers[5]);
        return true;
    }

    void map(Packet *p, uint32_t header, size_t start, size_t end, IPAddress address,
             uint16_t port) {
        const click_ip *ip = p->ip_header();
        const click_tcp *tcp = p->tcp_header();
        const FlowKey control{ip->source, ip->destination, tcp->source, tcp->destination,
                              ip_proto_tcp};
        const uint32_t sequence = net32(tcp->sequence);
        // The server's end of the data connection is the port below its control port.
        const auto server = static_cast<uint16_t>(net16(tcp->destination) - 1);
        const FlowKey data{address.addr, ip->destination, net16(port), net16(server), ip_proto_tcp};
        int direction;
        const Flow *flow = data_->find_or_make(data, input_, direction);
        if (!flow) return;
        const FlowKey named = flow->rewritten(direction);
        const uint32_t a = net32(named.source), n = net16(named.source_port);
        const std::string now = format("%u,%u,%u,%u,%u,%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
                                       a & 255, n >> 8, n & 255);
        const auto difference = static_cast<int32_t>(now.size() - (end - start));
        if (difference && !control_->shift_sequence(control, sequence, difference)) return;
        replace(p, header, start, end, now);
    }

    static void replace(Packet *p, uint32_t header, size_t start, size_t end,
                        const std::string &now) {
        const uint32_t left = p->transport_length() - header;
        std::string text(reinterpret_cast<const char *>(p->transport_header()) + header, left);
        text.replace(start, end - start, now);
        const auto size = static_cast<uint32_t>(text.size());
        if (size > left)
            p->put(size - left);
        else
            p->take(left - size);
        std::memcpy(p->transport_header() + header, text.data(), size);
        click_ip *ip = p->ip_header();
        const uint32_t transport = header + size;
        ip->length = net16(static_cast<uint16_t>(ip->header_length() + transport));
        set_ip_checksum(ip);
        click_tcp *tcp = p->tcp_header();
        tcp->checksum = 0;
        tcp->checksum = checksum(tcp, transport,
                                 pseudo_sum(ip->source, ip->destination, ip_proto_tcp,
                                            static_cast<uint16_t>(transport)));
    }

    TCPRewriter *control_ = nullptr;
    Rewriter *data_ = nullptr;
    int input_ = 0;
};

} // namespace click

EXPORT_ELEMENT(FTPPortMapper)
