// Packets, their annotations, and batches of them. One thread uses them all.
//
// A packet has its bytes to itself: a clone is a copy, so every packet may be written to. The
// object stays where it is when its bytes have to move (push() without headroom), so nobody need
// replace a pointer. Small ones (2 KB) come from a pool, larger ones from malloc; under lvrm a
// packet's bytes may be a frame's slot, which goes back to lvrm when the packet ends.
#pragma once

#include <cstdint>
#include <cstring>

#include "time.hh"

struct click_ip;
struct click_ip6;
struct click_udp;
struct click_tcp;
struct click_icmp;
struct click_ether;

namespace click {

/// Where annotations lie in a packet's 48 bytes of them, and their sizes.
struct Anno {
    uint8_t offset;
    uint8_t bytes;
};
namespace anno {
inline constexpr Anno dst_ip{0, 4}, dst_ip6{0, 16}, paint{16, 1}, icmp_paramprob{17, 1};
inline constexpr Anno fix_ip_src{18, 1}, misc_ip{19, 1}, aggregate{20, 4}, extra_packets{24, 4};
inline constexpr Anno extra_length{28, 4}, first_timestamp{32, 8}, packet_number{32, 4};
inline constexpr Anno sequence_number{36, 4}, vlan_tci{40, 2}, rev_rate{44, 4};
inline constexpr uint32_t size = 48;
} // namespace anno

enum class PacketType : uint8_t { host, broadcast, multicast, otherhost, outgoing, loopback };

class alignas(64) Packet final {
  public:
    static constexpr uint32_t default_headroom = 128;
    static constexpr uint32_t pool_bytes = 2240; // headroom, data and tailroom of a pooled packet

    /// A packet of `length` bytes, copied from `data` unless that is null (then undefined).
    /// Never null: running out of memory ends the process.
    static Packet *make(uint32_t headroom, const void *data, uint32_t length,
                        uint32_t tailroom = 0);
    static Packet *make(const void *data, uint32_t length) {
        return make(default_headroom, data, length);
    }
    /// Over bytes of a frame of lvrm's, which `Packet::release_frame` gets when the packet ends.
    static Packet *around(uint64_t frame, uint8_t *slot, uint32_t slot_bytes, uint32_t offset,
                          uint32_t length);
    static inline void (*release_frame)(uint64_t frame) = nullptr;

    void kill();
    /// A copy, annotations and header marks too.
    Packet *clone() const;

    const uint8_t *data() const { return data_; }
    uint8_t *data() { return data_; }
    const uint8_t *end_data() const { return data_ + length_; }
    uint8_t *end_data() { return data_ + length_; }
    uint32_t length() const { return length_; }
    uint32_t headroom() const { return static_cast<uint32_t>(data_ - buffer_); }
    uint32_t tailroom() const { return size_ - headroom() - length_; }
    uint8_t *buffer() { return buffer_; }
    uint32_t buffer_length() const { return size_; }

    /// Room for `bytes` more in front, uninitialised. Returns the new data().
    uint8_t *push(uint32_t bytes) {
        if (headroom() < bytes) [[unlikely]]
            make_room(bytes, 0);
        data_ -= bytes;
        length_ += bytes;
        return data_;
    }
    /// Takes `bytes` off the front, at most all.
    void pull(uint32_t bytes) {
        if (bytes > length_) [[unlikely]]
            bytes = length_;
        data_ += bytes;
        length_ -= bytes;
    }
    /// Room for `bytes` more at the end, uninitialised. Returns the new bytes.
    uint8_t *put(uint32_t bytes) {
        if (tailroom() < bytes) [[unlikely]]
            make_room(0, bytes);
        uint8_t *at = end_data();
        length_ += bytes;
        return at;
    }
    /// Takes `bytes` off the end, at most all.
    void take(uint32_t bytes) { length_ -= bytes < length_ ? bytes : length_; }
    /// Moves the data within the buffer by `offset` bytes, such as to align it.
    void shift(int32_t offset);
    /// Room of at least so many bytes on both sides.
    void make_room(uint32_t headroom, uint32_t tailroom);

    // Header marks. They stay where they are in the bytes when data is pushed or pulled.
    bool has_mac_header() const { return mac_ >= 0; }
    bool has_network_header() const { return network_ >= 0; }
    bool has_transport_header() const { return transport_ >= 0; }
    uint8_t *mac_header() { return mac_ < 0 ? nullptr : buffer_ + mac_; }
    uint8_t *network_header() { return network_ < 0 ? nullptr : buffer_ + network_; }
    uint8_t *transport_header() { return transport_ < 0 ? nullptr : buffer_ + transport_; }
    const uint8_t *mac_header() const { return const_cast<Packet *>(this)->mac_header(); }
    const uint8_t *network_header() const { return const_cast<Packet *>(this)->network_header(); }
    const uint8_t *transport_header() const {
        return const_cast<Packet *>(this)->transport_header();
    }
    /// Relative to data(): negative when data was pulled behind it.
    int32_t mac_header_offset() const { return mac_ - static_cast<int32_t>(headroom()); }
    int32_t network_header_offset() const { return network_ - static_cast<int32_t>(headroom()); }
    int32_t transport_header_offset() const {
        return transport_ - static_cast<int32_t>(headroom());
    }
    uint32_t network_header_length() const { return static_cast<uint32_t>(transport_ - network_); }
    /// Bytes from the network header to the end of the data.
    uint32_t network_length() const {
        return static_cast<uint32_t>(end_data() - (buffer_ + network_));
    }
    uint32_t transport_length() const {
        return static_cast<uint32_t>(end_data() - (buffer_ + transport_));
    }
    void set_mac_header(const uint8_t *at) { mac_ = static_cast<int32_t>(at - buffer_); }
    void set_mac_header(const uint8_t *at, uint32_t bytes) {
        set_mac_header(at);
        network_ = mac_ + static_cast<int32_t>(bytes);
    }
    void set_network_header(const uint8_t *at, uint32_t bytes) {
        network_ = static_cast<int32_t>(at - buffer_);
        transport_ = network_ + static_cast<int32_t>(bytes);
    }
    void set_network_header(const uint8_t *at) { network_ = static_cast<int32_t>(at - buffer_); }
    void set_transport_header(const uint8_t *at) {
        transport_ = static_cast<int32_t>(at - buffer_);
    }
    void clear_mac_header() { mac_ = -1; }
    void clear_network_header() { network_ = -1; }
    void clear_transport_header() { transport_ = -1; }

    click_ether *ether_header() { return reinterpret_cast<click_ether *>(mac_header()); }
    click_ip *ip_header() { return reinterpret_cast<click_ip *>(network_header()); }
    click_ip6 *ip6_header() { return reinterpret_cast<click_ip6 *>(network_header()); }
    click_udp *udp_header() { return reinterpret_cast<click_udp *>(transport_header()); }
    click_tcp *tcp_header() { return reinterpret_cast<click_tcp *>(transport_header()); }
    click_icmp *icmp_header() { return reinterpret_cast<click_icmp *>(transport_header()); }
    const click_ip *ip_header() const { return const_cast<Packet *>(this)->ip_header(); }
    const click_ip6 *ip6_header() const { return const_cast<Packet *>(this)->ip6_header(); }
    const click_udp *udp_header() const { return const_cast<Packet *>(this)->udp_header(); }
    const click_tcp *tcp_header() const { return const_cast<Packet *>(this)->tcp_header(); }
    const click_icmp *icmp_header() const { return const_cast<Packet *>(this)->icmp_header(); }
    const click_ether *ether_header() const { return const_cast<Packet *>(this)->ether_header(); }

    // Annotations.
    uint8_t *anno() { return anno_; }
    const uint8_t *anno() const { return anno_; }
    template <class T> T anno_as(Anno a) const {
        T value;
        std::memcpy(&value, anno_ + a.offset, sizeof value);
        return value;
    }
    template <class T> void set_anno(Anno a, T value) {
        std::memcpy(anno_ + a.offset, &value, sizeof value);
    }
    /// In network byte order, as in the header.
    uint32_t dst_ip_anno() const { return anno_as<uint32_t>(anno::dst_ip); }
    void set_dst_ip_anno(uint32_t address) { set_anno(anno::dst_ip, address); }
    uint8_t paint() const { return anno_[anno::paint.offset]; }
    void set_paint(uint8_t paint) { anno_[anno::paint.offset] = paint; }
    Timestamp timestamp() const { return timestamp_; }
    void set_timestamp(Timestamp t) { timestamp_ = t; }
    PacketType packet_type() const { return type_; }
    void set_packet_type(PacketType type) { type_ = type; }
    /// The port of lvrm it came in by, or -1.
    int16_t input_port() const { return input_port_; }
    void set_input_port(int16_t port) { input_port_ = port; }
    /// All annotations and, unless told otherwise, header marks and timestamp as in a new packet.
    void clear_annotations(bool all = true);
    void copy_annotations(const Packet *from);

    /// Free for the element that holds the packet, such as to chain it; the pool's while unused.
    Packet *next = nullptr;

    /// The frame whose slot holds the bytes; false when they lie elsewhere.
    bool frame(uint64_t &frame) const {
        frame = frame_;
        return kind_ == Kind::frame;
    }
    /// The frame is sent by other means now: end the packet without releasing the frame.
    void detach_frame();
    /// Makes the first packets, which takes half a millisecond that a frame would wait.
    static void warm_up() {
        if (!pool_) grow_pool();
    }

  private:
    enum class Kind : uint8_t { pooled, heap, frame };

    Packet() = default;
    static Packet *take_from_pool() {
        if (!pool_) [[unlikely]]
            grow_pool();
        Packet *p = pool_;
        pool_ = p->next;
        return p;
    }
    static void grow_pool();
    static Packet *make_large(uint32_t headroom, const void *data, uint32_t length,
                              uint32_t tailroom);
    void release_bytes();
    void reset() {
        next = nullptr;
        timestamp_ = {};
        mac_ = network_ = transport_ = -1;
        type_ = PacketType::host;
        input_port_ = -1;
        std::memset(anno_, 0, sizeof anno_);
    }
    uint8_t *own_bytes() { return reinterpret_cast<uint8_t *>(this + 1); }
    static inline Packet *pool_ = nullptr;

    uint8_t *data_;
    uint8_t *buffer_;
    uint32_t length_;
    uint32_t size_;
    int32_t mac_;
    int32_t network_;
    int32_t transport_;
    int16_t input_port_;
    PacketType type_;
    Kind kind_;
    Timestamp timestamp_;
    uint64_t frame_;
    uint8_t anno_[anno::size]; // the second cache line

    friend struct PacketLayout;
};

inline Packet *Packet::make(uint32_t headroom, const void *data, uint32_t length,
                            uint32_t tailroom) {
    const uint64_t need = uint64_t{headroom} + length + tailroom;
    if (need > pool_bytes) [[unlikely]]
        return make_large(headroom, data, length, tailroom);
    Packet *p = take_from_pool();
    p->reset();
    p->kind_ = Kind::pooled;
    p->buffer_ = p->own_bytes();
    p->size_ = pool_bytes;
    p->data_ = p->buffer_ + headroom;
    p->length_ = length;
    if (data) std::memcpy(p->data_, data, length);
    return p;
}

inline void Packet::kill() {
    if (kind_ != Kind::pooled) [[unlikely]]
        release_bytes();
    next = pool_;
    pool_ = this;
}

/// Up to 64 packets on their way together. Who is given a batch owns its packets and empties it.
class Batch {
  public:
    static constexpr uint32_t capacity = 64;

    Packet **begin() { return packets_; }
    Packet **end() { return packets_ + count_; }
    Packet *&operator[](uint32_t i) { return packets_[i]; }
    uint32_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    bool full() const { return count_ == capacity; }
    uint32_t room() const { return capacity - count_; }
    void add(Packet *p) { packets_[count_++] = p; }
    void clear() { count_ = 0; }
    /// Keeps the first `count`.
    void shrink(uint32_t count) { count_ = count; }
    void kill() {
        for (Packet *p : *this) p->kill();
        count_ = 0;
    }

    /// An empty batch from the pool, and back: elements sort packets by output into them. A batch
    /// can't be a member of an element, since a path may lead back to it.
    static Batch *acquire() {
        Batch *b = spare_;
        if (!b) [[unlikely]]
            return new Batch;
        spare_ = b->next_;
        return b;
    }
    static void release(Batch *b) {
        b->count_ = 0;
        b->next_ = spare_;
        spare_ = b;
    }

  private:
    uint32_t count_ = 0;
    Batch *next_ = nullptr;
    Packet *packets_[capacity];
    static inline Batch *spare_ = nullptr;
};

} // namespace click
