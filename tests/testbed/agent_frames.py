"""Raw frames: sending them as given, and capturing what an interface sees."""

import select
import socket
import struct
import threading
import time

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_OUTGOING = 4
TP_STATUS_VLAN_VALID = 0x10
RECEIVE_BUFFER_BYTES = 64 << 20
FRAMES_MAX = 200_000

captures = {}


def open_packet_socket(interface, protocol):
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    packet.bind((interface, protocol))
    return packet


def send_frames(interface, frames, interval_us=0, repeat=1):
    """Sends frames (hex) as they are; a VLAN tag in the bytes arrives as a tagged frame."""
    sent = 0
    with open_packet_socket(interface, 0) as packet:
        raw = [bytes.fromhex(frame) for frame in frames]
        for _ in range(repeat):
            for frame in raw:
                packet.send(frame)
                sent += 1
                if interval_us:
                    time.sleep(interval_us / 1e6)
    return sent


class Capture(threading.Thread):
    """Keeps what passes an interface until it is stopped, tags put back where they were."""

    def __init__(self, interface, outgoing, promiscuous):
        super().__init__(daemon=True)
        self.packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.packet.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.packet.setsockopt(socket.SOL_SOCKET, 33, RECEIVE_BUFFER_BYTES)  # SO_RCVBUFFORCE
        if promiscuous:
            index = socket.if_nametoindex(interface)
            self.packet.setsockopt(SOL_PACKET, 1, struct.pack("IHH8s", index, 1, 0, bytes(8)))
        self.packet.bind((interface, ETH_P_ALL))
        self.outgoing = outgoing
        self.frames = []
        self.stopping = False

    def run(self):
        while True:
            readable, _, _ = select.select([self.packet], [], [], 0.02)
            if readable:
                self.take()
            elif self.stopping:
                return  # stopped, and nothing waits any more

    def take(self):
        data, ancillary, _, address = self.packet.recvmsg(70_000, 256)
        if (address[2] == PACKET_OUTGOING) != self.outgoing:
            return
        for level, kind, value in ancillary:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tag, protocol = struct.unpack("IIIHHHH", value[:20])
                if status & TP_STATUS_VLAN_VALID:
                    data = data[:12] + struct.pack("!HH", protocol or 0x8100, tag) + data[12:]
        if len(self.frames) < FRAMES_MAX:
            self.frames.append(data)


def capture_start(name, interface, outgoing=False, promiscuous=False):
    capture = Capture(interface, outgoing, promiscuous)
    captures[name] = capture
    capture.start()
    return True


def capture_count(name):
    return len(captures[name].frames)


def capture_stop(name, settle_ms=100):
    """What was captured, in hex. Waits `settle_ms` for what is still on its way."""
    capture = captures.pop(name)
    time.sleep(settle_ms / 1000)
    capture.stopping = True
    capture.join(30)
    capture.packet.close()
    return [frame.hex() for frame in capture.frames]


OPERATIONS = {
    "send_frames": send_frames,
    "capture_start": capture_start,
    "capture_count": capture_count,
    "capture_stop": capture_stop,
}
