// Meters: one output for each band of the average rate.
#pragma once

#include <vector>

#include "element.hh"
#include "rate.hh"

namespace click {

class MeterBase : public SortElement<MeterBase> {
  public:
    explicit MeterBase(bool counts_bytes) : counts_bytes_(counts_bytes) {}
    const char *port_count() const override { return "1/2-"; }
    bool keeps_flows() const override { return false; }
    int configure(Args &args) override {
        std::vector<std::string> texts;
        if (args.rest(texts).complete() < 0) return -1;
        if (texts.empty()) return args.error("too few arguments");
        rates_.clear();
        for (size_t i = 0; i < texts.size(); i += 1) {
            double rate;
            if (!(counts_bytes_ ? parse_bandwidth(texts[i], rate) : parse_real(texts[i], rate)) ||
                rate < 0)
                return args.error("argument %zu: expected a rate, found '%s'", i + 1,
                                  texts[i].c_str());
            if (!rates_.empty() && rate <= rates_.back())
                return args.error("argument %zu: rates must increase", i + 1);
            rates_.push_back(rate);
        }
        if (rates_.size() + 1 != static_cast<size_t>(noutputs()))
            return args.error("%zu rates need %zu outputs, not %d", rates_.size(),
                              rates_.size() + 1, noutputs());
        return 0;
    }
    void add_handlers() override {
        add_read("rate", [this] { return rate_.per_second(); });
        add_read("rates", [this] {
            std::string out;
            for (const double it : rates_) out += (out.empty() ? "" : " ") + to_text(it);
            return out;
        });
    }
    int sort(int, Packet *p) {
        rate_.add(counts_bytes_ ? p->length() : 1);
        const double now = rate_.per_second();
        size_t band = 0;
        while (band < rates_.size() && now >= rates_[band]) band += 1;
        return static_cast<int>(band);
    }

  private:
    bool counts_bytes_;
    std::vector<double> rates_;
    RateEwma rate_;
};

} // namespace click
