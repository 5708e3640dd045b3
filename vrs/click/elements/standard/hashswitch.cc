/*
=c
HashSwitch(OFFSET, LENGTH)
=s classification
chooses an output by a hash of some bytes of the packet
=d
Packets that are alike in the LENGTH bytes at OFFSET leave by the same output. Of a packet that ends
before, the bytes that are there count.
=a Switch, RoundRobinSwitch, RandomSwitch
*/
#include <algorithm>

#include "element.hh"

namespace click {

class HashSwitch final : public SortElement<HashSwitch> {
  public:
    const char *class_name() const override { return "HashSwitch"; }
    const char *port_count() const override { return "1/1-"; }
    int configure(Args &args) override {
        if (args.mandatory("OFFSET", offset_).mandatory("LENGTH", bytes_).complete() < 0) return -1;
        if (bytes_ == 0) return args.error("LENGTH must be > 0");
        return 0;
    }
    int sort(int, Packet *p) const {
        const uint32_t start = std::min(offset_, p->length());
        const uint32_t count = std::min(bytes_, p->length() - start);
        uint32_t hash = 2166136261;
        for (uint32_t i = 0; i < count; i += 1) hash = (hash ^ p->data()[start + i]) * 16777619;
        hash ^= hash >> 16;
        return static_cast<int>(hash % static_cast<uint32_t>(noutputs()));
    }

  private:
    uint32_t offset_ = 0, bytes_ = 0;
};

} // namespace click

EXPORT_ELEMENT(HashSwitch)
