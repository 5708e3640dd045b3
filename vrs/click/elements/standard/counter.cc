/*
=c
Counter([I<keywords COUNT_CALL, BYTE_COUNT_CALL>])
=s counters
measures packet count and rate
=d
Passes packets unchanged from its input to its output, and counts them and their bytes, and the rate
at which they come.
=k COUNT_CALL
N HANDLER [VALUE]: when the count reaches N, calls the write handler.
=k BYTE_COUNT_CALL
N HANDLER [VALUE]: the same for the count of bytes.
=h count r
=h byte_count r
=h rate r
Packets per second, recently.
=h bit_rate r
=h byte_rate r
=h reset_counts w
=h reset w
=h count_call w
Written: `N [HANDLER [VALUE]]`; without a handler it stays.
=h byte_count_call w
*/
#include "rate.hh"
#include "router.hh"

namespace click {

class Counter final : public SimpleElement<Counter> {
  public:
    const char *class_name() const override { return "Counter"; }

    int configure(Args &args) override {
        return args.keyword("COUNT_CALL", Any{}, count_call_.text)
            .keyword("BYTE_COUNT_CALL", Any{}, byte_call_.text)
            .complete();
    }
    int initialize(ErrorHandler &errh) override {
        reset();
        return prepare(count_call_, "COUNT_CALL", errh) < 0 ||
                       prepare(byte_call_, "BYTE_COUNT_CALL", errh) < 0
                   ? -1
                   : 0;
    }
    void add_handlers() override {
        add_read("count", [this] { return packets_; });
        add_read("byte_count", [this] { return bytes_; });
        add_read("rate", [this] { return packet_rate_.per_second(); });
        add_read("byte_rate", [this] { return byte_rate_.per_second(); });
        add_read("bit_rate", [this] { return byte_rate_.per_second() * 8; });
        add_write("reset_counts", [this] { reset(); });
        add_write("reset", [this] { reset(); });
        add_call("count_call", "COUNT_CALL", count_call_);
        add_call("byte_count_call", "BYTE_COUNT_CALL", byte_call_);
    }
    Packet *action(Packet *p) {
        note(1, p->length());
        return p;
    }
    /// Calls come at their packets, and as tasks take turns one by one.
    bool needs_steps(const Batch &batch) {
        if (!count_call_.is_due && !byte_call_.is_due) [[likely]]
            return false;
        const bool is_near = count_call_.is_near(packets_ + Driver::notice_packets) ||
                             byte_call_.is_near(bytes_ + Driver::notice_packets * 1500);
        if (is_near) keep_step();
        return is_near && batch.size() > 1;
    }
    void actions(Batch &batch) {
        uint64_t bytes = 0;
        for (Packet *p : batch) bytes += p->length();
        note(batch.size(), bytes);
    }
    void take_state(Element *old, ErrorHandler &) override {
        const auto *other = static_cast<Counter *>(old->cast("Counter"));
        packets_ = other->packets_;
        bytes_ = other->bytes_;
    }

  private:
    struct Call {
        std::string text;
        HandlerCall call;
        uint64_t at = 0;
        bool is_due = false;
        bool is_near(uint64_t count) const { return is_due && count >= at; }
    };

    void note(uint64_t packets, uint64_t bytes) {
        packets_ += packets;
        bytes_ += bytes;
        packet_rate_.add(packets);
        byte_rate_.add(bytes);
        if (count_call_.is_due) [[unlikely]] check(count_call_, packets_);
        if (byte_call_.is_due) [[unlikely]] check(byte_call_, bytes_);
    }
    void check(Call &it, uint64_t count) {
        if (count < it.at) return;
        it.is_due = false;
        FileErrorHandler errh;
        it.call.write(errh);
    }
    int prepare(Call &it, const char *name, ErrorHandler &errh) {
        if (it.text.empty()) return 0;
        std::string_view rest = it.text;
        ArgContext context{this, errh, name};
        if (!parse_arg(pop_word(rest), it.at, context))
            return context.has_failed ? -1 : errh.error("%s: syntax error", name);
        PrefixErrorHandler prefixed(errh, std::string(name) + ": ");
        it.is_due = it.call.parse(rest, this, router(), true, prefixed);
        return it.is_due ? 0 : -1;
    }
    void add_call(const char *handler, const char *name, Call &it) {
        add_write(handler, [this, name, &it](const std::string &text, ErrorHandler &errh) {
            // A number alone: the handler of before.
            std::string_view number = trim(text), handler = it.text;
            const bool is_alone = number.find(' ') == std::string_view::npos && it.call;
            pop_word(handler);
            it.text = std::string(number) + (is_alone ? " " + std::string(handler) : "");
            it.call = {};
            it.is_due = false;
            return prepare(it, name, errh);
        });
    }
    void reset() {
        packets_ = bytes_ = 0;
        packet_rate_.reset();
        byte_rate_.reset();
        for (Call *it : {&count_call_, &byte_call_}) it->is_due = bool(it->call);
    }

    uint64_t packets_ = 0, bytes_ = 0;
    RateEwma packet_rate_, byte_rate_;
    Call count_call_, byte_call_;
};

} // namespace click

EXPORT_ELEMENT(Counter)
