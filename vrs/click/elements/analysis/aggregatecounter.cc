/*
=c
AggregateCounter([I<keywords> BYTES, MULTIPACKET, EXTRA_LENGTH, AGGREGATE_FREEZE, COUNT_FREEZE,
AGGREGATE_STOP, COUNT_STOP, AGGREGATE_CALL, COUNT_CALL, BANNER])
=s aggregates
counts packets by their aggregate annotation
=d
Each value of the annotation has a count. Packets of input 1 are counted only when their value was
seen already. With two push outputs, packets that weren't counted leave by output 1.
=k BYTES
Count bytes, not packets. Default false.
=k MULTIPACKET
Count a packet with an EXTRA_PACKETS annotation of n as n + 1. Default true.
=k EXTRA_LENGTH
Count the EXTRA_LENGTH annotation, with BYTES. Default true.
=k AGGREGATE_FREEZE, COUNT_FREEZE
Freeze when so many values, or packets or bytes, were seen: no new values are counted then.
=k AGGREGATE_STOP, COUNT_STOP
Stop the driver then. AGGREGATE_CALL, COUNT_CALL: `N HANDLER`, a write handler to call then.
=k BANNER
A line at the head of files that are written.
=h write_file w
Writes all counts to a file (- is standard output): lines of text, `!packed_le`, and for each value
eight bytes, value and count.
=h write_text_file w
The same as text: value and count in decimal on each line.
=h write_ip_file w
The same with values as IP addresses.
=h freeze rw
=h clear w
=h reaggregate_counts w
Makes the counts the values: how many values have which count.
=h counts_pdf r
How many values have which count, a line for each.
=h count r
=h nagg r
=h aggregate_call rw
=h count_call rw
=h banner rw
=h active rw
=h stop w
=a AggregateIPFlows
*/
#include <cerrno>
#include <cstdio>
#include <map>
#include <unordered_map>

#include "router.hh"

namespace click {

class AggregateCounter final : public Element {
  public:
    const char *class_name() const override { return "AggregateCounter"; }
    const char *port_count() const override { return "1-2/1-2"; }
    bool is_observer() const override { return !values_.text.empty() || !total_.text.empty(); }

    int configure(Args &args) override {
        uint64_t values_freeze = 0, count_freeze = 0, values_stop = 0, count_stop = 0;
        if (args.keyword("BYTES", has_bytes_)
                .keyword("MULTIPACKET", is_multipacket_)
                .keyword("EXTRA_LENGTH", has_extra_length_)
                .keyword("AGGREGATE_FREEZE", values_freeze)
                .keyword("COUNT_FREEZE", count_freeze)
                .keyword("AGGREGATE_STOP", values_stop)
                .keyword("COUNT_STOP", count_stop)
                .keyword("AGGREGATE_CALL", Any{}, values_.text)
                .keyword("COUNT_CALL", Any{}, total_.text)
                .keyword("BANNER", banner_)
                .complete() < 0)
            return -1;
        const auto settle = [&](Limit &limit, uint64_t freeze, uint64_t stop, const char *name) {
            if ((freeze > 0) + (stop > 0) + !limit.text.empty() > 1)
                return args.error("'%s_FREEZE', '%s_STOP', and '%s_CALL' are mutually exclusive",
                                  name, name, name);
            if (freeze) limit.text = std::to_string(freeze) + " " + this->name() + ".freeze true";
            if (stop) limit.text = std::to_string(stop) + " stop";
            return 0;
        };
        const bool is_good = settle(values_, values_freeze, values_stop, "AGGREGATE") >= 0;
        return settle(total_, count_freeze, count_stop, "COUNT") >= 0 && is_good ? 0 : -1;
    }
    int initialize(ErrorHandler &errh) override {
        const bool is_good = set_call(values_, values_.text, errh);
        return set_call(total_, total_.text, errh) && is_good ? 0 : -1;
    }
    void take_state(Element *old, ErrorHandler &) override {
        auto &other = *static_cast<AggregateCounter *>(old->cast("AggregateCounter"));
        counts_.swap(other.counts_);
        sum_ = other.sum_;
    }
    void add_handlers() override;
    void push(int port, Packet *p) override {
        const bool is_counted = count(p, port == 1);
        output(is_counted || noutputs() == 1 ? 0 : 1).push(p);
    }
    Packet *pull(int port) override {
        const int from = port < ninputs() ? port : 0;
        Packet *p = input(from).pull();
        if (p) count(p, from == 1);
        return p;
    }

  private:
    struct Limit {
        uint64_t at = 0; // 0: none
        std::string text;
        HandlerCall call;
    };
    bool set_call(Limit &limit, const std::string &text, ErrorHandler &errh) {
        std::string_view rest = trim(text);
        limit.at = 0;
        limit.text = rest;
        if (rest.empty()) return true;
        uint64_t at;
        ArgContext context{this, errh, ""};
        if (!parse_arg(pop_word(rest), at, context))
            return errh.error("expected 'N HANDLER'"), false;
        if (!limit.call.parse(rest, this, router(), true, errh)) return false;
        limit.at = at;
        return true;
    }
    static void reach(Limit &limit) {
        limit.at = 0;
        FileErrorHandler errh;
        limit.call.write(errh);
    }
    bool count(const Packet *p, bool is_frozen) {
        if (!is_active_) return false;
        const auto value = p->anno_as<uint32_t>(anno::aggregate);
        auto found = counts_.find(value);
        const bool is_new = found == counts_.end();
        if (is_new && (is_frozen || is_frozen_)) return false;
        if (is_new) found = counts_.emplace(value, 0).first;
        uint64_t amount = has_bytes_ ? p->length() : 1;
        if (has_bytes_ && has_extra_length_) amount += p->anno_as<uint32_t>(anno::extra_length);
        if (!has_bytes_ && is_multipacket_) amount += p->anno_as<uint32_t>(anno::extra_packets);
        found->second += amount;
        sum_ += amount;
        if (is_new && values_.at && counts_.size() >= values_.at) reach(values_);
        if (total_.at && sum_ >= total_.at) reach(total_);
        return true;
    }
    enum class Form { packed, text, ip };
    int write(const std::string &name, Form form, ErrorHandler &errh) const;
    void reaggregate() {
        std::unordered_map<uint32_t, uint64_t> next;
        for (const auto &[_, n] : counts_) next[static_cast<uint32_t>(n)] += 1;
        counts_ = std::move(next);
        sum_ = 0;
        for (const auto &[_, n] : counts_) sum_ += n;
    }

    std::unordered_map<uint32_t, uint64_t> counts_;
    uint64_t sum_ = 0;
    Limit values_, total_;
    std::string banner_;
    bool has_bytes_ = false, is_multipacket_ = true, has_extra_length_ = true;
    bool is_frozen_ = false, is_active_ = true;
};

int AggregateCounter::write(const std::string &name, Form form, ErrorHandler &errh) const {
    std::map<uint32_t, uint64_t> sorted(counts_.begin(), counts_.end());
    std::string out = "!IPAggregate 1.0\n";
    if (!banner_.empty()) out += "!banner " + banner_ + "\n";
    out += format("!num_nonzero %zu\n", sorted.size());
    if (form == Form::ip) out += "!ip\n";
    if (form == Form::packed) out += "!packed_le\n";
    for (const auto &[value, n] : sorted) {
        if (form == Form::packed) {
            const uint32_t words[2] = {value, static_cast<uint32_t>(n)};
            out.append(reinterpret_cast<const char *>(words), sizeof words);
        } else {
            out += form == Form::ip ? IPAddress::from_host(value).text() : std::to_string(value);
            out += " " + std::to_string(n) + "\n";
        }
    }
    FILE *f = name == "-" ? stdout : std::fopen(name.c_str(), "wb");
    if (!f) return errh.error("%s: %s", name.c_str(), std::strerror(errno));
    const bool is_written = std::fwrite(out.data(), 1, out.size(), f) == out.size();
    const bool is_closed = (f == stdout ? std::fflush(f) : std::fclose(f)) == 0;
    return is_written && is_closed ? 0 : errh.error("%s: file error", name.c_str());
}

void AggregateCounter::add_handlers() {
    const auto add_file = [this](const char *name, Form form) {
        add_write(name, [this, form](const std::string &text, ErrorHandler &errh) {
            const std::string file = unquote(trim(text));
            return write(file.empty() ? "-" : file, form, errh);
        });
    };
    add_file("write_file", Form::packed);
    add_file("write_text_file", Form::text);
    add_file("write_ip_file", Form::ip);
    add_data("freeze", data_both, &is_frozen_);
    add_data("active", data_both, &is_active_);
    add_data("banner", data_both, &banner_);
    add_read("count", [this] { return sum_; });
    add_read("nagg", [this] { return counts_.size(); });
    add_write("clear", [this] { counts_.clear(), sum_ = 0; });
    add_write("reaggregate_counts", [this] { reaggregate(); });
    add_write("stop", [this] {
        is_active_ = false;
        router().please_stop();
    });
    add_read("counts_pdf", [this] {
        std::map<uint64_t, uint64_t> pdf;
        for (const auto &[_, n] : counts_) pdf[n] += 1;
        std::string out;
        for (const auto &[n, many] : pdf)
            out += std::to_string(n) + " " + std::to_string(many) + "\n";
        return out;
    });
    const auto add_call = [this](const char *name, Limit *limit) {
        add_read(name, [limit] { return limit->at ? limit->text : std::string(); });
        add_write(name, [this, limit](const std::string &text, ErrorHandler &errh) {
            return set_call(*limit, text, errh) ? 0 : -1;
        });
    };
    add_call("aggregate_call", &values_);
    add_call("count_call", &total_);
}

} // namespace click

EXPORT_ELEMENT(AggregateCounter)
