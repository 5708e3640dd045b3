/*
=c
IPClassifier(PATTERN_1, ..., PATTERN_N)
=s ip
classifies IP packets by contents
=d
Expects IP packets with their header marked. Sends each to the output of the first pattern that it
matches, and drops it when it matches none. All patterns together are compiled to one decision
program, in which nothing is asked twice; long rows of equalities become hash tables.

A pattern is made of primitives with "and" (or "&&", or nothing between two primitives), "or"
("||"),
"not" ("!"), parentheses and "A ? B : C". "and" binds stronger than "or". After "and" and "or" a
value alone repeats the primitive before it: "dst port 80 or 443". Numbers may have one of == = != <
<= > >= in front, and a mask as in "ip[1] & 0xfc == 8"; or be a range, "1024-65535".

Primitives:

[src | dst | src or dst | src and dst] host ADDRESS: addresses; one of both when nothing is said.
"host" may be left out.

[...] net ADDRESS/LENGTH (or ADDRESS/MASK, or ADDRESS mask MASK): networks.

[...] [tcp | udp] port PORT: TCP and UDP ports, in first fragments only.

[ip] proto PROTOCOL, or tcp, udp, icmp alone. "proto tcpudp" is either.

icmp type TYPE (a number or a name such as echo, unreachable, timeexceeded), icmp code CODE.

tcp opt OPTION (syn, fin, ack, rst, psh, urg), tcp win WINDOW.

[ip] vers, hl, tos, dscp, len, id, ttl VALUE; frag, unfrag, ect, ce.

ip[OFFSET:BYTES], and tcp, udp, icmp, transp: 1, 2 or 4 bytes of the IP or the transport header.

true, all, any, "-" match all; false, none nothing.
=h program r
=h pattern0 rw
... and so on for each pattern.
=e
IPClassifier(icmp type echo, src net 10.0.0.0/8 and dst tcp port www, udp, -)
=a IPFilter, Classifier
*/
#include "elements/ip/filter_parser.hh"

namespace click {

class IPClassifier final : public SortElement<IPClassifier> {
  public:
    const char *class_name() const override { return "IPClassifier"; }
    const char *port_count() const override { return "1/-"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        if (static_cast<int>(args.conf().size()) != noutputs())
            return args.error("need %d argument%s, one per output port", noutputs(),
                              noutputs() == 1 ? "" : "s");
        return compile(args.conf(), args.errh());
    }
    void add_handlers() override {
        add_read("program", [this] { return program_.text(); });
        for (size_t i = 0; i < patterns_.size(); i += 1) {
            const std::string name = "pattern" + std::to_string(i);
            add_read(name.c_str(), [this, i] { return patterns_[i]; });
            add_write(name.c_str(), [this, i](const std::string &text, ErrorHandler &errh) {
                std::vector<std::string> patterns = patterns_;
                patterns[i] = trim(text);
                return compile(patterns, errh);
            });
        }
    }
    int sort(int, const Packet *p) const {
        const int result = program_.run(p);
        return result < 0 ? noutputs() : result; // there is no such output
    }

  private:
    int compile(const std::vector<std::string> &patterns, ErrorHandler &errh) {
        FilterTree tree;
        std::vector<FilterProgram::Rule> rules;
        bool is_good = true;
        for (size_t i = 0; i < patterns.size(); i += 1) {
            PrefixErrorHandler prefixed(errh, "pattern " + std::to_string(i) + ": ");
            const int root = FilterParser(tree, this, prefixed).parse(patterns[i]);
            is_good &= root >= 0;
            rules.push_back({root, static_cast<int>(i)});
        }
        if (!is_good) return -1;
        program_.compile(tree, rules);
        patterns_ = patterns;
        return 0;
    }
    std::vector<std::string> patterns_;
    FilterProgram program_;
};

} // namespace click

EXPORT_ELEMENT(IPClassifier)
