/*
=c
IPFilter(ACTION_1 PATTERN_1, ..., ACTION_N PATTERN_N)
=s ip
filters IP packets by contents
=d
Expects IP packets with their header marked. The first pattern that a packet matches decides: its
ACTION is the number of an output, "allow" (output 0), or "deny" or "drop" (output 1 when there is
one, else the packet is dropped). A packet that no pattern matches is dropped. Patterns are those of
IPClassifier, and are compiled in the same way.
=h program r
=h config rw
=e
IPFilter(allow dst port 22 and src net 10.0.0.0/8, deny tcp, allow all)
=a IPClassifier
*/
#include "elements/ip/filter_parser.hh"

namespace click {

class IPFilter final : public SortElement<IPFilter> {
  public:
    const char *class_name() const override { return "IPFilter"; }
    const char *port_count() const override { return "1/-"; }
    bool can_live_reconfigure() const override { return true; }
    int configure(Args &args) override {
        FilterTree tree;
        std::vector<FilterProgram::Rule> rules;
        bool is_good = true;
        for (size_t i = 0; i < args.conf().size(); i += 1) {
            PrefixErrorHandler errh(args.errh(), "pattern " + std::to_string(i) + ": ");
            std::string_view rest = args.conf()[i];
            const std::string action = pop_word(rest);
            int result = 0;
            is_good &= parse_action(action, result, errh);
            const int root = FilterParser(tree, this, errh).parse(rest.empty() ? "all" : rest);
            is_good &= root >= 0;
            rules.push_back({root, result});
        }
        if (!is_good) return -1;
        program_.compile(tree, rules);
        return 0;
    }
    void add_handlers() override {
        add_read("program", [this] { return program_.text(); });
    }
    int sort(int, const Packet *p) const {
        const int result = program_.run(p);
        return result < 0 ? noutputs() : result; // there is no such output
    }

  private:
    bool parse_action(const std::string &word, int &out, ErrorHandler &errh) {
        if (word == "allow") {
            out = 0;
        } else if (word == "deny" || word == "drop") {
            out = noutputs() > 1 ? 1 : FilterProgram::no_match;
        } else {
            StringErrorHandler silent;
            ArgContext context{this, silent, ""};
            if (!parse_arg(word, out, context)) {
                errh.error("unknown slot ID '%s'", word.c_str());
                return false;
            }
            if (out < 0 || out >= noutputs()) {
                errh.error("slot '%d' out of range", out);
                return false;
            }
        }
        return true;
    }
    FilterProgram program_;
};

} // namespace click

EXPORT_ELEMENT(IPFilter)
