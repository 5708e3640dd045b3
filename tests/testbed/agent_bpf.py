"""Gives what leaves an interface a VLAN tag beside its bytes, as hardware and the kernel's VLAN
devices do: a tc program, held by this process."""

import ctypes
import os
import socket
import struct

SYS_BPF = 321  # x86-64
PROG_LOAD, LINK_CREATE = 5, 28
SCHED_CLS, TCX_EGRESS = 3, 47

library = ctypes.CDLL(None, use_errno=True)
links = []


def bpf(command, attributes):
    data = ctypes.create_string_buffer(attributes, len(attributes))
    result = library.syscall(SYS_BPF, command, data, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def insn(code, dst=0, src=0, off=0, imm=0):
    return struct.pack("=BBhi", code, src << 4 | dst, off, imm)


def push_tags(interface, vlan):
    """Every frame that leaves the interface is tagged from now on (Linux 6.6)."""
    code = b"".join([
        insn(0xB7, dst=2, imm=socket.htons(0x8100)),  # r2 = protocol
        insn(0xB7, dst=3, imm=vlan),
        insn(0x85, imm=18),  # bpf_skb_vlan_push(skb, r2, r3)
        insn(0xB7, dst=0, imm=0),  # TCX_PASS
        insn(0x95),
    ])
    text = ctypes.create_string_buffer(code, len(code))
    license_text = ctypes.create_string_buffer(b"GPL")
    program = bpf(PROG_LOAD, struct.pack(
        "=IIQQ", SCHED_CLS, len(code) // 8, ctypes.addressof(text), ctypes.addressof(license_text)))
    index = socket.if_nametoindex(interface)
    links.append(bpf(LINK_CREATE, struct.pack("=IIII", program, index, TCX_EGRESS, 0)))
    os.close(program)
    return True


OPERATIONS = {"push_tags": push_tags}
