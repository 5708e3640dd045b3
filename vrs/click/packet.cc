// The less frequent half of packet.hh.
#include "packet.hh"

#include <cstdio>
#include <cstdlib>
#include <new>

namespace click {

namespace {

constexpr uint32_t chunk_bytes = sizeof(Packet) + Packet::pool_bytes;
// An odd number of cache lines, so that headers of successive packets fall into all cache sets.
static_assert(sizeof(Packet) == 128 && chunk_bytes % 64 == 0 && chunk_bytes / 64 % 2 == 1);
constexpr uint32_t chunks_per_slab = 256;

void *must(void *memory) {
    if (memory) return memory;
    std::fputs("click: out of memory\n", stderr);
    std::abort();
}

} // namespace

void Packet::grow_pool() {
    auto *slab =
        static_cast<uint8_t *>(must(std::aligned_alloc(64, chunks_per_slab * chunk_bytes)));
    for (uint32_t i = chunks_per_slab; i-- > 0;) {
        auto *p = new (slab + i * chunk_bytes) Packet;
        p->next = pool_;
        pool_ = p;
    }
}

Packet *Packet::make_large(uint32_t headroom, const void *data, uint32_t length,
                           uint32_t tailroom) {
    Packet *p = take_from_pool();
    p->reset();
    p->kind_ = Kind::heap;
    p->size_ = headroom + length + tailroom;
    p->buffer_ = static_cast<uint8_t *>(must(std::malloc(p->size_)));
    p->data_ = p->buffer_ + headroom;
    p->length_ = length;
    if (data) std::memcpy(p->data_, data, length);
    return p;
}

Packet *Packet::around(uint64_t frame, uint8_t *slot, uint32_t slot_bytes, uint32_t offset,
                       uint32_t length) {
    Packet *p = take_from_pool();
    p->reset();
    p->kind_ = Kind::frame;
    p->frame_ = frame;
    p->buffer_ = slot;
    p->size_ = slot_bytes;
    p->data_ = slot + offset;
    p->length_ = length;
    return p;
}

void Packet::release_bytes() {
    if (kind_ == Kind::heap) std::free(buffer_);
    if (kind_ == Kind::frame) release_frame(frame_);
    kind_ = Kind::pooled;
}

void Packet::detach_frame() {
    kind_ = Kind::pooled;
    kill();
}

Packet *Packet::clone() const {
    Packet *p = make(headroom(), data_, length_, tailroom() < 64 ? tailroom() : 64);
    // What lies before the data may be looked at through the marks, and by Unstrip.
    const uint32_t before = headroom();
    std::memcpy(p->data_ - before, data_ - before, before);
    p->copy_annotations(this);
    p->mac_ = mac_;
    p->network_ = network_;
    p->transport_ = transport_;
    return p;
}

void Packet::copy_annotations(const Packet *from) {
    std::memcpy(anno_, from->anno_, sizeof anno_);
    timestamp_ = from->timestamp_;
    type_ = from->type_;
    input_port_ = from->input_port_;
}

void Packet::clear_annotations(bool all) {
    std::memset(anno_, 0, sizeof anno_);
    type_ = PacketType::host;
    if (!all) return;
    timestamp_ = {};
    input_port_ = -1;
    mac_ = network_ = transport_ = -1;
}

void Packet::make_room(uint32_t headroom, uint32_t tailroom) {
    const uint32_t before = this->headroom();
    const uint32_t need_before = headroom > before ? headroom + default_headroom : before;
    const uint32_t after = tailroom > this->tailroom() ? tailroom + 128 : this->tailroom();
    const uint64_t need = uint64_t{need_before} + length_ + after;
    const int32_t moved = static_cast<int32_t>(need_before) - static_cast<int32_t>(before);
    uint8_t *target;
    uint32_t size;
    Kind kind;
    if (kind_ != Kind::pooled && need <= pool_bytes) {
        target = own_bytes();
        size = pool_bytes;
        kind = Kind::pooled;
    } else {
        size = static_cast<uint32_t>(need);
        target = static_cast<uint8_t *>(must(std::malloc(size)));
        kind = Kind::heap;
    }
    // Bytes in front of the data stay readable.
    std::memcpy(target + moved, buffer_, before + length_);
    if (kind_ != Kind::pooled) release_bytes();
    kind_ = kind;
    buffer_ = target;
    size_ = size;
    data_ = target + need_before;
    if (mac_ >= 0) mac_ += moved;
    if (network_ >= 0) network_ += moved;
    if (transport_ >= 0) transport_ += moved;
}

void Packet::shift(int32_t offset) {
    if (offset < 0 && headroom() < static_cast<uint32_t>(-offset))
        make_room(static_cast<uint32_t>(-offset), 0);
    if (offset > 0 && tailroom() < static_cast<uint32_t>(offset))
        make_room(0, static_cast<uint32_t>(offset));
    std::memmove(data_ + offset, data_, length_);
    data_ += offset;
    if (mac_ >= 0) mac_ += offset;
    if (network_ >= 0) network_ += offset;
    if (transport_ >= 0) transport_ += offset;
}

} // namespace click
