/*
=c
Align(MODULUS, OFFSET)
=s basicmod
aligns packet data in memory
=d
Moves a packet's data where its address, divided by MODULUS, doesn't leave OFFSET. Nothing in this
Click needs it; it is there for configurations that have it.
=k MODULUS
2, 4 or 8.
=k OFFSET
Less than MODULUS.
=a AlignmentInfo
*/
#include "element.hh"

namespace click {

class Align final : public SimpleElement<Align> {
  public:
    const char *class_name() const override { return "Align"; }
    int configure(Args &args) override {
        if (args.mandatory("MODULUS", modulus_).mandatory("OFFSET", offset_).complete() < 0)
            return -1;
        if (modulus_ != 2 && modulus_ != 4 && modulus_ != 8)
            return args.error("MODULUS must be 2, 4, or 8");
        if (offset_ >= modulus_) return args.error("OFFSET must be < %u", modulus_);
        return 0;
    }
    Packet *action(Packet *p) {
        const auto is = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(p->data()) % modulus_);
        if (is == offset_) return p;
        const auto back = static_cast<int32_t>((is + modulus_ - offset_) % modulus_);
        const bool has_room = p->headroom() >= static_cast<uint32_t>(back);
        p->shift(has_room ? -back : static_cast<int32_t>(modulus_) - back);
        return p;
    }

  private:
    uint32_t modulus_ = 4, offset_ = 0;
};

} // namespace click

EXPORT_ELEMENT(Align)
