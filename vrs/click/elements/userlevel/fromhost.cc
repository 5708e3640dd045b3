/*
=c
FromHost(DEVNAME [, DST, I<keywords> GATEWAY, HEADROOM, ETHER, DST6, MTU])
=s comm
a network device of the host whose packets come here
=d
Makes the tap device DEVNAME, and gives it the address DST, an IP prefix such as 192.168.2.1/24.
What the host sends to that network comes out of the element, with Ethernet headers: the host asks
by ARP first, so something must answer. ToHost(DEVNAME) is the way to the host. The device goes away
with the router. Needs /dev/net/tun and the right to use it.
=k GATEWAY
An address in DST's network by which the host's default route is set up.
=k HEADROOM
Room in front of the data. Default 28.
=k ETHER
The device's Ethernet address, as the host sees it.
=k DST6
An IPv6 prefix for the device.
=k MTU
Default: the host's choice.
=h count r
=h reset_counts w
=h dev_name r
=a ToHost, FromDevice
*/
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "elements/userlevel/host_device.hh"
#include "headers.hh"

namespace click {

namespace {

sockaddr in_sockaddr(IPAddress address) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = address.addr;
    sockaddr out;
    std::memcpy(&out, &in, sizeof out);
    return out;
}

} // namespace

class FromHost final : public Element, public HostDevice {
  public:
    const char *class_name() const override { return "FromHost"; }
    const char *port_count() const override { return "0/1"; }
    const char *processing() const override { return "h/h"; }
    int configure_phase() const override { return phase_privileged; }
    void *cast(const char *name) override {
        return std::string_view(name) == "HostDevice" ? static_cast<HostDevice *>(this)
                                                      : Element::cast(name);
    }
    int configure(Args &args) override {
        std::string ignored;
        if (args.mandatory("DEVNAME", Word{}, device_)
                .positional("DST", PrefixArg{false}, address_, has_address_)
                .keyword("GATEWAY", gateway_)
                .keyword("HEADROOM", Bounded<uint32_t>{0, 8190}, headroom_)
                .keyword("ETHER", ether_)
                .keyword("DST6", address6_, has_address6_)
                .keyword("MTU", Bounded<int>{68, 65535}, mtu_)
                .keyword("CLEAN", Any{}, ignored)
                .complete() < 0)
            return -1;
        if (device_.empty() || device_.size() >= IFNAMSIZ)
            return args.error("bad device name '%s'", device_.c_str());
        const bool is_near =
            has_address_ && gateway_.matches_prefix(address_.address, address_.mask);
        if (gateway_ && !is_near)
            return args.error("bad GATEWAY: not in DST's network");
        return 0;
    }
    int initialize(ErrorHandler &errh) override {
        if (open(errh) < 0 || set_up(errh) < 0) return -1;
        router().driver().add_select(descriptor_, Driver::select_read, this);
        return 0;
    }
    void cleanup(CleanupStage) override {
        if (descriptor_ < 0) return;
        router().driver().remove_select(descriptor_, Driver::select_read, this);
        ::close(descriptor_);
        descriptor_ = -1;
        std::erase(open_, this);
    }
    void add_handlers() override {
        add_read("count", [this] { return count_; });
        add_read("dev_name", [this] { return device_; });
        add_write("reset_counts", [this] { count_ = 0; });
    }
    void selected(int, int) override {
        for (int i = 0; i < burst; i += 1) {
            Packet *p = Packet::make(headroom_, nullptr, frame_bytes);
            const ssize_t bytes = ::read(descriptor_, p->data(), frame_bytes);
            if (bytes < static_cast<ssize_t>(sizeof(click_ether))) return p->kill();
            p->take(frame_bytes - static_cast<uint32_t>(bytes));
            p->set_mac_header(p->data(), sizeof(click_ether));
            p->set_timestamp(Timestamp::now());
            if (p->data()[0] & 1)
                p->set_packet_type(EtherAddress(p->data()).is_broadcast() ? PacketType::broadcast
                                                                          : PacketType::multicast);
            count_ += 1;
            output(0).push(p);
        }
    }

  private:
    /// A configuration that replaces another one shares its device: it stays, with all it has.
    int open(ErrorHandler &errh) {
        for (const FromHost *it : open_)
            if (it->device_ == device_) descriptor_ = ::fcntl(it->descriptor_, F_DUPFD_CLOEXEC, 0);
        if (descriptor_ < 0) {
            descriptor_ = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
            if (descriptor_ < 0) return errh.error("/dev/net/tun: %s", std::strerror(errno));
            ifreq request = named();
            request.ifr_flags = IFF_TAP | IFF_NO_PI;
            if (::ioctl(descriptor_, TUNSETIFF, &request) < 0) return fail("TUNSETIFF", errh);
        }
        open_.push_back(this);
        return 0;
    }
    ifreq named() const {
        ifreq request{};
        std::memcpy(request.ifr_name, device_.c_str(), device_.size() + 1);
        return request;
    }
    int fail(const char *what, ErrorHandler &errh) const {
        return errh.error("%s: %s: %s", device_.c_str(), what, std::strerror(errno));
    }
    int set_up(ErrorHandler &errh) {
        const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) return fail("socket", errh);
        const int result = set_up(fd, errh);
        ::close(fd);
        return result < 0 || !has_address6_ ? result : set_address6(errh);
    }
    int set_up(int fd, ErrorHandler &errh) {
        ifreq request = named();
        if (ether_) {
            request.ifr_hwaddr.sa_family = 1; // ARPHRD_ETHER
            std::memcpy(request.ifr_hwaddr.sa_data, ether_.bytes, 6);
            if (::ioctl(fd, SIOCSIFHWADDR, &request) < 0) return fail("SIOCSIFHWADDR", errh);
        }
        request = named();
        request.ifr_mtu = mtu_;
        if (mtu_ && ::ioctl(fd, SIOCSIFMTU, &request) < 0) return fail("SIOCSIFMTU", errh);
        if (has_address_) {
            request = named();
            request.ifr_addr = in_sockaddr(address_.address);
            if (::ioctl(fd, SIOCSIFADDR, &request) < 0) return fail("SIOCSIFADDR", errh);
            request.ifr_netmask = in_sockaddr(address_.mask);
            if (::ioctl(fd, SIOCSIFNETMASK, &request) < 0) return fail("SIOCSIFNETMASK", errh);
        }
        request = named();
        if (::ioctl(fd, SIOCGIFFLAGS, &request) < 0) return fail("SIOCGIFFLAGS", errh);
        request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
        if (::ioctl(fd, SIOCSIFFLAGS, &request) < 0) return fail("SIOCSIFFLAGS", errh);
        if (!gateway_) return 0;
        rtentry route{};
        route.rt_dst = in_sockaddr({});
        route.rt_genmask = in_sockaddr({});
        route.rt_gateway = in_sockaddr(gateway_);
        route.rt_flags = RTF_UP | RTF_GATEWAY;
        if (::ioctl(fd, SIOCADDRT, &route) == 0 || errno == EEXIST) return 0;
        return fail("default route", errh);
    }
    int set_address6(ErrorHandler &errh) {
        const int fd = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) return fail("socket", errh);
        in6_ifreq request{};
        std::memcpy(&request.ifr6_addr, address6_.address.bytes, 16);
        request.ifr6_prefixlen = address6_.length;
        request.ifr6_ifindex = static_cast<int>(if_nametoindex(device_.c_str()));
        const int result = ::ioctl(fd, SIOCSIFADDR, &request);
        const int error = errno;
        ::close(fd);
        errno = error;
        return result < 0 && error != EEXIST ? fail("IPv6 address", errh) : 0;
    }

    static inline std::vector<const FromHost *> open_;
    static constexpr int burst = 32;
    static constexpr uint32_t frame_bytes = 2048;
    IPPrefix address_;
    IP6Prefix address6_;
    IPAddress gateway_;
    EtherAddress ether_;
    bool has_address_ = false, has_address6_ = false;
    uint32_t headroom_ = 28;
    int mtu_ = 0;
    uint64_t count_ = 0;
};

} // namespace click

EXPORT_ELEMENT(FromHost)
