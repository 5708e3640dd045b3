"""What the testbed sets or asks of the kernel in its namespace: sysctls, offloads, nft tables."""

import array
import fcntl
import socket
import struct

SIOCETHTOOL = 0x8946
# ethtool "set" commands (linux/ethtool.h) of the offloads that make super-frames and partial
# checksums. Order matters: segmentation needs scatter-gather, which needs checksumming.
OFFLOADS = [
    ("tx_checksum", 0x17),
    ("scatter_gather", 0x19),
    ("tso", 0x1F),
    ("gso", 0x24),
    ("gro", 0x2C),
    ("rx_checksum", 0x15),
]


def write_sysctl(name, value):
    with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
        file.write(str(value))
    return True


def set_offloads(interface, on, only=None):
    """Switches every offload of a veth, or only some, on or off; returns those that the driver
    refused."""
    refused = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name, command in OFFLOADS if on else reversed(OFFLOADS):
            if only and name not in only:
                continue
            value = array.array("B", struct.pack("II", command, int(on)))
            request = struct.pack("16sP16x", interface.encode(), value.buffer_info()[0])
            try:
                fcntl.ioctl(control, SIOCETHTOOL, request)
            except OSError:
                refused.append(name)
    return refused


def switch_off(interface, offload):
    """Switches one offload off: "gro", or "rxvlan"."""
    def ethtool(control, command, data):
        value = array.array("B", struct.pack("II", command, data))
        request = struct.pack("16sP16x", interface.encode(), value.buffer_info()[0])
        fcntl.ioctl(control, SIOCETHTOOL, request)
        return struct.unpack("II", value.tobytes())[1]

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        if offload == "gro":
            ethtool(control, 0x2C, 0)
        else:
            flags = ethtool(control, 0x25, 0)  # ETHTOOL_GFLAGS
            ethtool(control, 0x26, flags & ~(1 << 8))  # without ETH_FLAG_RXVLAN
    return True


def nft_tables():
    """Names of all nftables tables of this namespace, by nfnetlink (no nft program needed)."""
    names = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        netlink.bind((0, 0))
        netlink.settimeout(5)
        get_table, request_dump = 10 << 8 | 1, 0x301
        netlink.send(struct.pack("=IHHII4s", 20, get_table, request_dump, 1, 0, bytes(4)))
        while True:
            data = netlink.recv(65536)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind in (2, 3):  # NLMSG_ERROR, NLMSG_DONE
                    return names
                names += table_names(data[20:length])
                data = data[(length + 3) & ~3:]


def table_names(attributes):
    while attributes:
        length, kind = struct.unpack_from("=HH", attributes)
        if kind & 0x3FFF == 1:  # NFTA_TABLE_NAME
            yield attributes[4:length - 1].decode()
        attributes = attributes[(length + 3) & ~3:]


def interface_counters(interface):
    """The kernel's statistics of an interface, by name."""
    counters = {}
    with open("/proc/net/dev", encoding="ascii") as file:
        for line in file.readlines()[2:]:
            name, values = line.split(":")
            if name.strip() == interface:
                fields = [int(value) for value in values.split()]
                counters = {
                    "received_frames": fields[1],
                    "received_dropped": fields[3],
                    "sent_frames": fields[9],
                    "sent_dropped": fields[11],
                }
    return counters


def driver_counters(interface):
    """A driver's own statistics of an interface, by name (as `ethtool -S` shows them)."""
    def ethtool(value):
        request = struct.pack("16sP16x", interface.encode(), value.buffer_info()[0])
        fcntl.ioctl(control, SIOCETHTOOL, request)
        return value.tobytes()

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        statistics = 1  # ETH_SS_STATS
        info = ethtool(array.array("B", struct.pack("=IIQI", 0x37, 0, 1 << statistics, 0)))
        count = struct.unpack_from("=I", info, 16)[0]
        head = struct.pack("=III", 0x1B, statistics, count)
        names = ethtool(array.array("B", head + bytes(32 * count)))[12:]
        values = ethtool(array.array("B", struct.pack("=II", 0x1D, count) + bytes(8 * count)))
        texts = [names[at:at + 32].split(b"\0")[0].decode() for at in range(0, 32 * count, 32)]
        return dict(zip(texts, struct.unpack_from(f"={count}Q", values, 8)))


def snmp_counters():
    """/proc/net/snmp and snmp6 as one object: {"Ip.ForwDatagrams": n, "Ip6InReceives": n}."""
    counters = {}
    with open("/proc/net/snmp", encoding="ascii") as file:
        lines = file.read().splitlines()
    for head, values in zip(lines[::2], lines[1::2]):
        group = head.split(":")[0]
        for name, value in zip(head.split()[1:], values.split()[1:]):
            counters[f"{group}.{name}"] = int(value)
    with open("/proc/net/snmp6", encoding="ascii") as file:
        for line in file:
            name, value = line.split()
            counters[name] = int(value)
    return counters


OPERATIONS = {
    "write_sysctl": write_sysctl,
    "set_offloads": set_offloads,
    "switch_off": switch_off,
    "nft_tables": nft_tables,
    "interface_counters": interface_counters,
    "driver_counters": driver_counters,
    "snmp_counters": snmp_counters,
}
