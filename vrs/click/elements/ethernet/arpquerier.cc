/*
=c
ARPQuerier(IP, ETH, I<keywords>)
ARPQuerier(NAME, I<keywords>)
=s arp
encapsulates IP packets in Ethernet headers found by ARP
=d
Input 0: IP packets with a destination address annotation, the next hop; they leave by output 0 with
an Ethernet header. Until the next hop's Ethernet address is known they wait, and an ARP query is
sent, by output 1 when there is one, else by output 0. Input 1: ARP replies with their Ethernet
header.
=k IP, ETH, NAME
The router's own addresses; NAME stands for both.
=k TABLE
An ARPTable to share.
=k CAPACITY
Packets that wait, at most. Default 2048.
=k ENTRY_CAPACITY
Entries, at most. Default 0: no limit.
=k TIMEOUT
How long an answer holds. Default 5 minutes; 0: for ever.
=k POLL_TIMEOUT
After how long a used answer is asked for again. Default 60 seconds; 0: never.
=k BROADCAST
An address whose packets go to the Ethernet broadcast address; by default the broadcast address of
IP's prefix, when it has one.
=h ipaddr rw
=h table r
=h stats r
=h queries r
=h responses r
=h drops r
=h count r
=h length r
=h insert w
=h delete w
=h clear w
=e
c :: Classifier(12/0806 20/0002, …); c[0] -> [1]arpq; ip -> [0]arpq -> out;
=a ARPTable, ARPResponder, ARPFaker
*/
#include "elements/ethernet/arp_table.hh"
#include "router.hh"

namespace click {

class ARPQuerier final : public Element, public ARPSender {
  public:
    const char *class_name() const override { return "ARPQuerier"; }
    const char *port_count() const override { return "2/1-2"; }
    const char *processing() const override { return "h/h"; }
    const char *flow_code() const override { return "xy/x"; }

    int configure(Args &args) override {
        uint32_t capacity = 2048, entries = 0;
        Timestamp timeout = Timestamp::seconds(300), poll = Timestamp::seconds(60);
        std::string own, ether, broadcast;
        table_ = nullptr;
        if (args.mandatory("IP", Any{}, own)
                .positional("ETH", Any{}, ether)
                .keyword("TABLE", ElementOf<ARPTable>{"ARPTable"}, table_)
                .keyword("CAPACITY", capacity)
                .keyword("ENTRY_CAPACITY", entries)
                .keyword("TIMEOUT", Seconds{}, timeout)
                .keyword("POLL_TIMEOUT", Seconds{}, poll)
                .keyword("BROADCAST", Any{}, broadcast)
                .complete() < 0)
            return -1;
        IPPrefix prefix;
        ArgContext ip_context{this, args.errh(), "IP"}, ether_context{this, args.errh(), "ETH"};
        if (!PrefixArg{true}(own, prefix, ip_context)) return ip_context.error("syntax error"), -1;
        if (!parse_arg(ether.empty() ? own : ether, ether_, ether_context))
            return ether_context.error("syntax error"), -1;
        ip_ = prefix.address;
        broadcast_ = prefix.mask.addr == 0xffffffff ? IPAddress() : prefix.address | ~prefix.mask;
        ArgContext broadcast_context{this, args.errh(), "BROADCAST"};
        if (!broadcast.empty() && !parse_arg(broadcast, broadcast_, broadcast_context))
            return broadcast_context.error("syntax error"), -1;
        if (!table_) {
            own_table_.set_limits(capacity, entries, timeout, poll);
            table_ = &own_table_;
        }
        return 0;
    }
    int initialize(ErrorHandler &) override {
        if (table_ == &own_table_) own_table_.share(this);
        table_->set_sender(this);
        return 0;
    }
    void cleanup(CleanupStage) override { own_table_.close(); }
    void take_state(Element *old, ErrorHandler &errh) override {
        auto *other = static_cast<ARPQuerier *>(old->cast("ARPQuerier"));
        if (table_ == &own_table_ && other->table_ == &other->own_table_)
            own_table_.take_state(&other->own_table_, errh);
    }
    void add_handlers() override {
        add_data("ipaddr", data_both, &ip_);
        add_read("table", [this] { return table_->dump(); });
        add_read("stats", [this] {
            return format("%llu packets killed\n%llu ARP queries sent\n",
                          static_cast<unsigned long long>(table_->drops() + drops_),
                          static_cast<unsigned long long>(queries_));
        });
        add_read("queries", [this] { return queries_; });
        add_read("responses", [this] { return responses_; });
        add_read("drops", [this] { return table_->drops() + drops_; });
        add_read("count", [this] { return table_->size(); });
        add_read("length", [this] { return table_->waiting(); });
        add_write("clear", [this] { table_->clear(); });
        add_write("insert", [this](const std::string &text, ErrorHandler &errh) {
            IPAddress ip;
            EtherAddress ether;
            const auto words = split_words(text);
            ArgContext context{this, errh, ""};
            if (words.size() != 2 || !parse_arg(words[0], ip, context) ||
                !parse_arg(words[1], ether, context))
                return errh.error("expected 'IP ETHER'");
            send_waiting(table_->learn(ip, ether), ether);
            return 0;
        });
        add_write("delete", [this](const std::string &text, ErrorHandler &errh) {
            IPAddress ip;
            ArgContext context{this, errh, ""};
            if (!parse_arg(trim(text), ip, context)) return errh.error("expected IP address");
            table_->remove(ip);
            return 0;
        });
    }
    void push(int port, Packet *p) override {
        if (port == 1) return handle_reply(p);
        if (resolve(p)) output(0).push(p);
    }
    void push_batch(int port, Batch &batch) override {
        if (port == 1) {
            for (Packet *p : batch) handle_reply(p);
            return batch.clear();
        }
        // A train to one neighbour looks once.
        IPAddress last;
        EtherAddress ether;
        uint32_t kept = 0;
        for (Packet *p : batch) {
            const IPAddress ip(p->dst_ip_anno());
            if (kept > 0 && ip == last)
                encapsulate(p, ether);
            else if (!resolve(p))
                continue;
            else
                last = ip, ether = EtherAddress(p->data());
            batch[kept++] = p;
        }
        batch.shrink(kept);
        output(0).push(batch);
    }

    void send_waiting(Packet *p, const EtherAddress &ether) override {
        while (p) {
            Packet *next = p->next;
            p->next = nullptr;
            encapsulate(p, ether);
            output(0).push(p);
            p = next;
        }
    }

  private:
    void encapsulate(Packet *p, const EtherAddress &to) const {
        auto *header = reinterpret_cast<click_ether *>(p->push(sizeof(click_ether)));
        std::memcpy(header->destination, to.bytes, 6);
        std::memcpy(header->source, ether_.bytes, 6);
        header->type = net16(ether_type_ip);
        p->set_mac_header(reinterpret_cast<uint8_t *>(header));
    }
    /// Whether the packet can leave; else it waits or was dropped.
    bool resolve(Packet *p) {
        const IPAddress ip(p->dst_ip_anno());
        EtherAddress to;
        const ARPTable::Found found = table_->lookup(ip, to);
        if (found != ARPTable::Found::unknown) {
            if (found == ARPTable::Found::known_but_old && table_->should_poll(ip)) query(ip);
            return encapsulate(p, to), true;
        }
        if (ip.addr == 0xffffffff || (broadcast_ && ip == broadcast_))
            return encapsulate(p, EtherAddress::broadcast()), true;
        if (ip.is_multicast()) {
            const uint32_t group = ip.host();
            const uint8_t mac[6] = {1,
                                    0,
                                    0x5e,
                                    static_cast<uint8_t>(group >> 16 & 0x7f),
                                    static_cast<uint8_t>(group >> 8),
                                    static_cast<uint8_t>(group)};
            return encapsulate(p, EtherAddress(mac)), true;
        }
        if (!ip) {
            if (drops_++ == 0) chatter("would query for 0.0.0.0; missing dest IP addr annotation?");
            return p->kill(), false;
        }
        bool asks;
        table_->wait(ip, p, asks);
        if (asks) query(ip);
        return false;
    }
    void query(IPAddress ip) {
        queries_ += 1;
        constexpr uint32_t bytes = sizeof(click_ether) + sizeof(click_arp);
        Packet *p = Packet::make(nullptr, bytes);
        std::memset(p->data(), 0, bytes);
        auto *header = reinterpret_cast<click_ether *>(p->data());
        auto *arp = reinterpret_cast<click_arp *>(header + 1);
        std::memset(header->destination, 0xff, 6);
        std::memcpy(header->source, ether_.bytes, 6);
        header->type = net16(ether_type_arp);
        arp->hardware = net16(1);
        arp->protocol = net16(ether_type_ip);
        arp->hardware_bytes = 6;
        arp->protocol_bytes = 4;
        arp->operation = net16(1);
        std::memcpy(arp->sender_ether, ether_.bytes, 6);
        arp->sender_ip = ip_.addr;
        arp->target_ip = ip.addr;
        p->set_mac_header(p->data(), sizeof(click_ether));
        p->set_timestamp(Timestamp::now());
        output(noutputs() - 1).push(p);
    }
    void handle_reply(Packet *p) {
        const auto *header = reinterpret_cast<const click_ether *>(p->data());
        const auto *arp = reinterpret_cast<const click_arp *>(header + 1);
        const bool is_reply = p->length() >= sizeof(click_ether) + sizeof(click_arp) &&
                              header->type == net16(ether_type_arp) && arp->hardware == net16(1) &&
                              arp->protocol == net16(ether_type_ip) && arp->operation == net16(2);
        if (is_reply) {
            responses_ += 1;
            const EtherAddress ether(arp->sender_ether);
            if (!ether.is_group()) send_waiting(table_->learn({arp->sender_ip}, ether), ether);
        }
        p->kill();
    }
    IPAddress ip_, broadcast_;
    EtherAddress ether_;
    ARPTable *table_ = nullptr;
    ARPTable own_table_;
    uint64_t queries_ = 0, responses_ = 0, drops_ = 0;
};

} // namespace click

EXPORT_ELEMENT(ARPQuerier)
