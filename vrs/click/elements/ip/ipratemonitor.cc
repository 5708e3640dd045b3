/*
=c
IPRateMonitor(TYPE, RATIO, THRESH [, MEMORY, ANNO])
=s ip
measures rates by address
=d
Expects IP packets with their header marked. What comes by input 0 is counted by its source address
(the forward rate), what comes by input 1 by its destination address (the reverse rate); it leaves
by the output of the same number. Rates are kept for the 256 networks of 8 bits; one with a rate
above THRESH gets rates of its 256 networks of 8 bits more, down to single addresses.
=k TYPE
PACKETS or BYTES.
=k RATIO
From 0 to 1: which share of packets is counted, each for 1/RATIO of them.
=k THRESH
Packets or bytes per second.
=k MEMORY
Kilobytes at most, at least 100. At the limit nothing more is split. 0, the default: no limit.
=k ANNO
Whether packets get the rates of the smallest known network of their address as annotations: the
forward rate at offset 40, the reverse rate at offset 44, 4 bytes each. Default true.
=h look r
Hundredths of a second since the last reset; then a line for each network: address, forward rate,
reverse rate.
=h thresh rw
=h mem r
Bytes in use.
=h reset w
=h anno_level w
`IP[/MASK] LEVEL SECONDS`: for so long packets of that network get the rates of the network of 8,
16, 24 or 32 bits (LEVEL 0 to 3) that they are in, not of a smaller one.
=a AverageCounter, Meter
*/
#include <algorithm>
#include <array>
#include <memory>
#include <random>

#include "element.hh"
#include "elements/ip/ip_tools.hh"
#include "rate.hh"

namespace click {

class IPRateMonitor final : public SortElement<IPRateMonitor> {
  public:
    const char *class_name() const override { return "IPRateMonitor"; }
    const char *port_count() const override { return "1-2/1-2"; }
    bool keeps_flows() const override { return false; }
    int configure(Args &args) override {
        int type = 0;
        double ratio = 0;
        uint64_t kilobytes = 0;
        if (args.mandatory("TYPE", OneOf{{"PACKETS", "BYTES"}}, type)
                .mandatory("RATIO", ratio)
                .mandatory("THRESH", threshold_)
                .positional("MEMORY", kilobytes)
                .positional("ANNO", sets_anno_)
                .complete() < 0)
            return -1;
        if (!(ratio > 0 && ratio <= 1)) return args.error("RATIO must be between 0 and 1");
        if (ninputs() != noutputs()) return args.error("need as many outputs as inputs");
        counts_bytes_ = type == 1;
        ratio_ = static_cast<uint32_t>(ratio * 65536);
        weight_ = 1 / ratio;
        max_bytes_ = kilobytes ? std::max<uint64_t>(kilobytes, 100) * 1024 : ~uint64_t{0};
        return 0;
    }
    int initialize(ErrorHandler &) override {
        reset();
        return 0;
    }
    void add_handlers() override {
        add_read("look", [this] {
            std::string out = std::to_string((steady_ns() - since_ns_) / 10'000'000) + "\n";
            show(*root_, 0, 24, out);
            return out;
        });
        add_data("thresh", data_both, &threshold_);
        add_read("mem", [this] { return bytes_; });
        add_write("reset", [this] { reset(); });
        add_write("anno_level", [this](const std::string &text, ErrorHandler &errh) {
            IPPrefix network;
            uint32_t level = 0;
            double seconds = 0;
            ArgContext context{this, errh, ""};
            const auto words = split_words(text);
            context.name = "LEVEL";
            if (words.size() != 3 || !parse_arg(words[0], network, context) ||
                !Bounded<uint32_t>{0, 3}(words[1], level, context) ||
                !parse_seconds(words[2], seconds))
                return context.has_failed ? -1 : errh.error("expected 'IP LEVEL SECONDS'");
            limits_.push_back({network, 24 - 8 * static_cast<int>(level),
                               steady_ns() + static_cast<int64_t>(seconds * 1e9)});
            return 0;
        });
    }
    int sort(int port, Packet *p) {
        if (!has_ip_header(p)) return port;
        const click_ip *ip = p->ip_header();
        const bool is_counted = ratio_ >= 65536 || (random_() & 0xffff) < ratio_;
        if (!is_counted && !sets_anno_) return port;
        const uint32_t address = net32(port == 0 ? ip->source : ip->destination);
        const double amount = counts_bytes_ ? net16(ip->length) : 1;
        Level *level = root_.get();
        const int last = limits_.empty() ? 0 : last_shift(address);
        bool is_set = !sets_anno_;
        for (int shift = 24;; shift -= 8) {
            Network &it = (*level)[address >> shift & 255];
            if (is_counted) {
                it.rate[port].add(static_cast<uint64_t>(amount * weight_ + 0.5));
                if (shift > 0 && !it.below && ++it.looks % looks_between == 0 &&
                    bytes_ + sizeof(Level) <= max_bytes_ &&
                    it.rate[port].per_second() > threshold_) {
                    it.below = std::make_unique<Level>();
                    bytes_ += sizeof(Level);
                }
            }
            if (!is_set && (!it.below || shift == last)) {
                is_set = true;
                for (const uint8_t i : {0, 1})
                    p->set_anno(Anno{static_cast<uint8_t>(40 + 4 * i), 4},
                                static_cast<uint32_t>(it.rate[i].per_second()));
            }
            if (!it.below) return port;
            level = it.below.get();
        }
    }

  private:
    static constexpr uint32_t looks_between = 16;
    struct Level;
    struct Network {
        RateEwma rate[2];
        uint32_t looks = 0;
        std::unique_ptr<Level> below;
    };
    struct Level {
        std::array<Network, 256> networks;
        Network &operator[](uint32_t i) { return networks[i]; }
    };

    /// Which networks packets to and from somewhere are told the rates of, for a time.
    struct Limit {
        IPPrefix network;
        int shift;
        int64_t until_ns;
    };
    int last_shift(uint32_t address) {
        const int64_t now = steady_ns();
        std::erase_if(limits_, [&](const Limit &it) { return it.until_ns <= now; });
        for (const Limit &it : limits_)
            if (IPAddress::from_host(address).matches_prefix(it.network.address, it.network.mask))
                return it.shift;
        return 0;
    }
    void reset() {
        root_ = std::make_unique<Level>();
        bytes_ = sizeof(Level);
        since_ns_ = steady_ns();
    }
    static void show(Level &level, uint32_t prefix, int shift, std::string &out) {
        for (uint32_t i = 0; i < 256; i += 1) {
            Network &it = level[i];
            const uint32_t address = prefix | i << shift;
            const double forward = it.rate[0].per_second(), reverse = it.rate[1].per_second();
            if (forward < 0.5 && reverse < 0.5) continue;
            out += format("%s\t%.0f\t%.0f\n", IPAddress(net32(address)).text().c_str(), forward,
                          reverse);
            if (it.below) show(*it.below, address, shift - 8, out);
        }
    }

    bool counts_bytes_ = false, sets_anno_ = true;
    uint32_t ratio_ = 65536;
    double weight_ = 1;
    uint32_t threshold_ = 0;
    uint64_t max_bytes_ = 0, bytes_ = 0;
    int64_t since_ns_ = 0;
    std::minstd_rand random_;
    std::unique_ptr<Level> root_;
    std::vector<Limit> limits_;
};

} // namespace click

EXPORT_ELEMENT(IPRateMonitor)
