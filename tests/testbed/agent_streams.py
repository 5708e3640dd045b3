"""Endpoints with known contents: TCP transfers and UDP datagrams, compared byte by byte."""

import random
import select
import socket
import struct
import threading
import time

CHUNK_BYTES = 1 << 16
# What a client asks for: bytes up and their seed, bytes down and theirs, bits per second (0: any).
ORDER = struct.Struct("!QQQQQ")


def domain_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def chunks(seed, total):
    """A reproducible stream of `total` bytes: both ends can make it, so neither needs a file."""
    source = random.Random(seed)
    while total > 0:
        block = source.randbytes(CHUNK_BYTES)[:total]
        total -= len(block)
        yield block


def receive_exactly(connection, count):
    parts = []
    while count:
        part = connection.recv(min(count, CHUNK_BYTES))
        if not part:
            raise ConnectionError(f"Connection ended {count} bytes early")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def send_stream(connection, seed, total, rate_bps):
    started, sent = time.monotonic(), 0
    for block in chunks(seed, total):
        connection.sendall(block)
        sent += len(block)
        if rate_bps:
            ahead = sent * 8 / rate_bps - (time.monotonic() - started)
            if ahead > 0:
                time.sleep(ahead)


def receive_stream(connection, seed, total):
    """Receives and compares; returns the bytes that were equal."""
    equal = 0
    for block in chunks(seed, total):
        if receive_exactly(connection, len(block)) != block:
            raise ValueError(f"Contents differ after {equal} bytes")
        equal += len(block)
    return equal


def tcp_listen(address, port, timeout_s=120):
    """Serves tcp_transfer of other agents until the agent ends."""
    listener = socket.socket(domain_of(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)

    def accept():
        while True:
            connection, _ = listener.accept()
            connection.settimeout(timeout_s)
            threading.Thread(target=tcp_serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return True


def tcp_serve(connection):
    with connection:
        head = receive_exactly(connection, ORDER.size)
        up, up_seed, down, down_seed, rate_bps = ORDER.unpack(head)
        sender = threading.Thread(target=send_stream, args=(connection, down_seed, down, rate_bps))
        sender.start()
        equal = receive_stream(connection, up_seed, up)
        sender.join()
        connection.sendall(struct.pack("!Q", equal))


def tcp_transfer(address, port, up_bytes=0, down_bytes=0, rate_bps=0, timeout_s=60):
    """Sends up_bytes to a listener and takes down_bytes from it, at once. Every byte is compared,
    by the end that receives it; returns bytes that were equal on either side, and seconds."""
    started = time.monotonic()
    with socket.create_connection((address, port), timeout=timeout_s) as connection:
        seeds = random.randrange(1 << 32), random.randrange(1 << 32)
        connection.sendall(ORDER.pack(up_bytes, seeds[0], down_bytes, seeds[1], rate_bps))
        sender = threading.Thread(
            target=send_stream, args=(connection, seeds[0], up_bytes, rate_bps), daemon=True)
        sender.start()
        down = receive_stream(connection, seeds[1], down_bytes)
        up = struct.unpack("!Q", receive_exactly(connection, 8))[0]
        sender.join(timeout_s)
    return {"up_bytes": up, "down_bytes": down, "seconds": time.monotonic() - started}


def datagram(size):
    """Contents of the datagram of a size: the size itself where it fits, then a known filling."""
    if size < 2:
        return b"\x5a"[:size]
    return (struct.pack("!H", size) + random.Random(size).randbytes(size))[:size]


def udp_echo(address, port):
    """Echoes datagrams until the agent ends."""
    endpoint = socket.socket(domain_of(address), socket.SOCK_DGRAM)
    endpoint.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
    endpoint.bind((address, port))

    def echo():
        while True:
            data, sender = endpoint.recvfrom(65536)
            endpoint.sendto(data, sender)

    threading.Thread(target=echo, daemon=True).start()
    return True


def udp_discard(address, port):
    """Takes datagrams and leaves them lying, so that no ICMP error answers them."""
    endpoint = socket.socket(domain_of(address), socket.SOCK_DGRAM)
    endpoint.bind((address, port))
    kept_open.append(endpoint)
    return True


kept_open = []


def udp_sizes(address, port, sizes, window=8, attempts=3, timeout_ms=1500):
    """Sends one datagram of every size (first..last) to an echo and compares what returns.
    `window` are on their way at once; one that does not return is sent again, and counted."""
    waiting = list(range(sizes[0], sizes[1] + 1))
    result = {"returned": 0, "corrupt": [], "missing": [], "sent_again": 0}
    with socket.socket(domain_of(address), socket.SOCK_DGRAM) as endpoint:
        endpoint.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
        if domain_of(address) == socket.AF_INET:
            endpoint.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_PMTUDISC_DONT: may be fragmented
        endpoint.connect((address, port))
        for attempt in range(attempts):
            if attempt:
                result["sent_again"] += len(waiting)
            waiting = udp_round(endpoint, waiting, window, timeout_ms, result)
            if not waiting:
                break
    result["missing"] = waiting
    return result


def udp_round(endpoint, sizes, window, timeout_ms, result):
    on_their_way, lost = {}, []
    todo = iter(sizes)
    size = next(todo, None)
    while size is not None or on_their_way:
        while size is not None and len(on_their_way) < window:
            try:
                endpoint.send(datagram(size))
            except OSError:
                pass  # a path MTU learned just now: the next attempt fits
            on_their_way[size] = time.monotonic() + timeout_ms / 1000
            size = next(todo, None)
        if select.select([endpoint], [], [], 0.05)[0]:
            try:
                data = endpoint.recv(65536)
            except OSError:
                continue
            if on_their_way.pop(len(data), None) is not None:
                result["returned"] += 1
                if data != datagram(len(data)):
                    result["corrupt"].append(len(data))
        now = time.monotonic()
        for late in [key for key, until in on_their_way.items() if until < now]:
            del on_their_way[late]
            lost.append(late)
    return lost


def udp_super_frames(address, port, segment, count, times):
    """Sends super-frames of `count` datagrams each, as fast as they go, and waits for nothing."""
    with socket.socket(domain_of(address), socket.SOCK_DGRAM) as endpoint:
        endpoint.setsockopt(socket.SOL_SOCKET, 32, 16 << 20)  # SO_SNDBUFFORCE
        endpoint.setsockopt(socket.IPPROTO_UDP, 103, segment)  # UDP_SEGMENT
        for _ in range(times):
            endpoint.sendto(bytes(segment * count), (address, port))
    return times


def udp_segmented(address, port, segment, count, timeout_s=15):
    """Sends one super-frame of `count` datagrams to an echo; how many come back as they were."""
    udp_segment = 103  # UDP_SEGMENT (linux/udp.h)
    contents = [random.Random(i).randbytes(segment) for i in range(count)]
    with socket.socket(domain_of(address), socket.SOCK_DGRAM) as endpoint:
        endpoint.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
        endpoint.setsockopt(socket.IPPROTO_UDP, udp_segment, segment)
        endpoint.connect((address, port))
        endpoint.send(b"".join(contents))
        waiting = set(contents)
        until = time.monotonic() + timeout_s
        while waiting and select.select([endpoint], [], [], max(0, until - time.monotonic()))[0]:
            waiting.discard(endpoint.recv(65536))
    return {"returned": count - len(waiting)}


OPERATIONS = {
    "tcp_listen": tcp_listen,
    "tcp_transfer": tcp_transfer,
    "udp_echo": udp_echo,
    "udp_discard": udp_discard,
    "udp_sizes": udp_sizes,
    "udp_segmented": udp_segmented,
    "udp_super_frames": udp_super_frames,
}
