/*
=c
FromDevice(DEVNAME [, I<keywords> SNIFFER, PROMISC, SNAPLEN, FORCE_IP, METHOD, CAPTURE, HEADROOM,
OUTBOUND, BURST, NEIGHBOURS, ACTIVE, TIMESTAMP])
=s netdevices
reads packets from a network device
=d
Under lvrm, DEVNAME is a port of lvrm's by the name of its interface, such as eth0 or eth0:100; its
packets are those that the VR's subnets bring. In `lvrm click` it opens the interface.

Packets get their MAC header marked, and timestamp and packet type annotations.
=k PROMISC
Take frames for other hosts too. Default false.
=k NEIGHBOURS
Under lvrm: take copies of ARP and neighbour discovery frames, as with an ARPQuerier in the
configuration. Default: like PROMISC.
=k OUTBOUND
In `lvrm click`: take frames that this host sends too. Default false.
=k BURST
Frames per look. Default 32.
=k SNAPLEN
Bytes of a frame at most. Default 2046.
=k HEADROOM
Room in front of the data. Default 128.
=k SNIFFER, METHOD, CAPTURE, FORCE_IP, ACTIVE, TIMESTAMP
Accepted, and changes nothing, but FORCE_IP: only IP packets are taken, with their IP header marked;
the Ethernet header stays. Others leave by the second output, if there is one.
=h count r
=h encap r
=h reset_counts w
=a ToDevice, PollDevice, FromLVRM
*/
#include "elements/userlevel/from_device.hh"

namespace click {

class FromDevice final : public FromPort {
  public:
    const char *class_name() const override { return "FromDevice"; }
};

} // namespace click

EXPORT_ELEMENT(FromDevice)
