"""Ping, a UDP path tracer, and UDP datagrams of every size, each in bounded time."""

import os
import random
import select
import socket
import struct
import time

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 10, 23
PMTUDISC_PROBE = 3  # don't fragment, and take no notice of what was learned about the path
# Family → (address family, protocol, echo, reply, unreachable, too big, time exceeded).
ICMP = {
    4: (socket.AF_INET, socket.IPPROTO_ICMP, 8, 0, 3, 3, 11),
    6: (socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 129, 1, 2, 3),
}


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def family_of(address):
    return 6 if ":" in address else 4


def icmp_socket(family, source=None, ttl=None):
    domain, protocol = ICMP[family][:2]
    icmp = socket.socket(domain, socket.SOCK_RAW, protocol)
    icmp.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)
    if family == 4:
        icmp.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, 0)
    if ttl is not None:
        set_ttl(icmp, family, ttl)
    if source:
        icmp.bind((source, 0))
    return icmp


def set_ttl(endpoint, family, ttl):
    if family == 4:
        endpoint.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    else:
        endpoint.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)


def set_dont_fragment(endpoint, family):
    level = socket.IPPROTO_IP if family == 4 else socket.IPPROTO_IPV6
    option = IP_MTU_DISCOVER if family == 4 else IPV6_MTU_DISCOVER
    endpoint.setsockopt(level, option, PMTUDISC_PROBE)


def icmp_payload(family, data):
    """The ICMP message in what a raw socket gave: with an IP header before it in IPv4 only."""
    return data[(data[0] & 15) * 4:] if family == 4 else data


def quoted_icmp(family, message):
    """The ICMP message quoted by an error message, or b""."""
    quoted = message[8:]
    if not quoted:
        return b""
    return quoted[(quoted[0] & 15) * 4:] if family == 4 else quoted[40:]


class Ping:
    """Echo requests with one identifier of their own, and what came back for them."""

    def __init__(self, destination, options):
        self.destination = destination
        self.family = family_of(destination)
        self.identifier = random.randrange(1, 65536)
        self.icmp = icmp_socket(self.family, options.get("source"), options.get("ttl"))
        if options.get("dont_fragment"):
            set_dont_fragment(self.icmp, self.family)
        self.payload = os.urandom(options.get("size", 56))
        self.sent_ns = {}
        self.rtt_us = {}
        self.duplicates = 0
        self.corrupt = 0
        self.errors = []

    def send(self, sequence):
        echo = ICMP[self.family][2]
        head = struct.pack("!BBHHH", echo, 0, 0, self.identifier, sequence)
        if self.family == 4:
            sum_ = checksum(head + self.payload)
            head = struct.pack("!BBHHH", echo, 0, sum_, self.identifier, sequence)
        self.sent_ns[sequence] = time.monotonic_ns()
        try:
            self.icmp.sendto(head + self.payload, (self.destination, 0))
        except OSError as error:
            self.errors.append({"type": -1, "code": error.errno, "mtu": 0, "from": ""})

    def receive(self, until):
        """Takes answers until a time, or until all that was sent is answered."""
        while time.monotonic() < until and len(self.rtt_us) + len(self.errors) < len(self.sent_ns):
            wait = max(0, until - time.monotonic())
            if select.select([self.icmp], [], [], wait)[0]:
                data, address = self.icmp.recvfrom(70_000)
                self.take(icmp_payload(self.family, data), address[0], time.monotonic_ns())

    def take(self, message, sender, now_ns):
        _, _, _, reply, unreachable, too_big, exceeded = ICMP[self.family]
        kind, code = message[0], message[1]
        if kind == reply:
            identifier, sequence = struct.unpack_from("!HH", message, 4)
            if identifier != self.identifier:
                return
            self.corrupt += message[8:] != self.payload
            if sequence in self.rtt_us:
                self.duplicates += 1
            self.rtt_us[sequence] = (now_ns - self.sent_ns[sequence]) / 1000
        elif kind in (unreachable, too_big, exceeded):
            quoted = quoted_icmp(self.family, message)
            if len(quoted) < 8 or struct.unpack_from("!H", quoted, 4)[0] != self.identifier:
                return
            mtu = struct.unpack_from("!I", message, 4)[0] if self.family == 6 else \
                struct.unpack_from("!H", message, 6)[0]
            self.errors.append({"type": kind, "code": code, "mtu": mtu, "from": sender})


def ping(destination, count=3, interval_ms=10, timeout_ms=3000, linger_ms=0, **options):
    """Pings; stops as soon as all is answered, or `timeout_ms` after the last request.
    `linger_ms`: then goes on listening, for duplicates."""
    probe = Ping(destination, options)
    with probe.icmp:
        for sequence in range(count):
            probe.send(sequence)
            if interval_ms and sequence + 1 < count:
                wait_until(probe, time.monotonic() + interval_ms / 1000)
        probe.receive(time.monotonic() + timeout_ms / 1000)
        if linger_ms:
            wait_until(probe, time.monotonic() + linger_ms / 1000)
    return {
        "sent": count,
        "received": len(probe.rtt_us),
        "duplicates": probe.duplicates,
        "corrupt": probe.corrupt,
        "rtt_us": [probe.rtt_us[key] for key in sorted(probe.rtt_us)],
        "errors": probe.errors,
    }


def wait_until(probe, until):
    """Takes what arrives until a time, also when all is answered."""
    while time.monotonic() < until:
        if select.select([probe.icmp], [], [], max(0, until - time.monotonic()))[0]:
            data, address = probe.icmp.recvfrom(70_000)
            probe.take(icmp_payload(probe.family, data), address[0], time.monotonic_ns())


def latency(destination, count=200, size=56, timeout_ms=1000):
    """Round-trip times of `count` pings, one at a time, in microseconds."""
    probe = Ping(destination, {"size": size})
    with probe.icmp:
        for sequence in range(count):
            probe.send(sequence & 0xFFFF)
            probe.receive(time.monotonic() + timeout_ms / 1000)
    return {"sent": count, "rtt_us": list(probe.rtt_us.values())}


def trace(destination, hops_max=6, timeout_ms=2000):
    """The path by UDP with growing TTL: one {"from", "type", "code"} per hop (RFC 1393's idea)."""
    family = family_of(destination)
    _, _, _, _, unreachable, _, exceeded = ICMP[family]
    path = []
    with icmp_socket(family) as icmp, socket.socket(ICMP[family][0], socket.SOCK_DGRAM) as udp:
        for ttl in range(1, hops_max + 1):
            set_ttl(udp, family, ttl)
            port = 33434 + ttl
            udp.sendto(b"trace", (destination, port))
            until = time.monotonic() + timeout_ms / 1000
            hop = {"from": "", "type": -1, "code": -1}
            while time.monotonic() < until:
                if not select.select([icmp], [], [], max(0, until - time.monotonic()))[0]:
                    break
                data, address = icmp.recvfrom(2048)
                message = icmp_payload(family, data)
                quoted = quoted_icmp(family, message)
                if message[0] not in (unreachable, exceeded) or len(quoted) < 4:
                    continue
                if struct.unpack_from("!H", quoted, 2)[0] == port:
                    hop = {"from": address[0], "type": message[0], "code": message[1]}
                    break
            path.append(hop)
            if hop["type"] == unreachable:
                break
    return path


OPERATIONS = {"ping": ping, "latency": latency, "trace": trace}
