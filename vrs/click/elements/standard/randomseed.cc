/*
=c
RandomSeed([SEED])
=s test
sets the seed of random numbers
=d
Elements that drop, sample or choose at random do so alike in every run with the same SEED. Without
one the seed is taken from the system.
=h seed w
Sets the seed; an empty text takes one from the system.
=a RandomSample, RandomSwitch
*/
#include "element.hh"
#include "random.hh"

namespace click {

class RandomSeed final : public Element {
  public:
    const char *class_name() const override { return "RandomSeed"; }
    int configure(Args &args) override {
        uint32_t value = 0;
        bool is_given = false;
        if (args.positional("SEED", value, is_given).complete() < 0) return -1;
        seed(is_given ? value : std::random_device{}());
        return 0;
    }
    void add_handlers() override {
        add_write("seed", [this](const std::string &text, ErrorHandler &errh) {
            uint32_t value = 0;
            ArgContext context{this, errh, "seed"};
            if (trim(text).empty()) return seed(std::random_device{}()), 0;
            if (!parse_arg(trim(text), value, context))
                return context.has_failed ? -1 : errh.error("syntax error");
            return seed(value), 0;
        });
    }

  private:
    static void seed(uint32_t value) { random_engine().seed(value); }
};

} // namespace click

EXPORT_ELEMENT(RandomSeed)
