/*
=c
Pad([LENGTH, I<keywords> ZERO])
=s basicmod
makes packets at least so long
=d
Appends bytes to packets shorter than LENGTH. Without LENGTH it appends as many bytes as the extra
length annotation says, and sets that to 0.
=k ZERO
Whether new bytes are 0; else they are random. Default true.
=a Truncate
*/
#include <cstring>

#include "element.hh"
#include "random.hh"

namespace click {

class Pad final : public SimpleElement<Pad> {
  public:
    const char *class_name() const override { return "Pad"; }
    int configure(Args &args) override {
        return args.positional("LENGTH", Bounded<uint32_t>{0, longest}, bytes_, has_length_)
            .keyword("ZERO", is_zero_)
            .complete();
    }
    Packet *action(Packet *p) {
        uint32_t more = 0;
        if (has_length_) {
            if (p->length() < bytes_) more = bytes_ - p->length();
        } else {
            more = p->anno_as<uint32_t>(anno::extra_length);
            if (more > longest) more = longest;
            p->set_anno(anno::extra_length, uint32_t{0});
        }
        if (more == 0) return p;
        uint8_t *at = p->put(more);
        std::memset(at, 0, more);
        if (!is_zero_)
            for (uint32_t i = 0; i < more; i += 1) at[i] = static_cast<uint8_t>(random_32());
        return p;
    }

  private:
    static constexpr uint32_t longest = 1 << 16;
    uint32_t bytes_ = 0;
    bool has_length_ = false, is_zero_ = true;
};

} // namespace click

EXPORT_ELEMENT(Pad)
