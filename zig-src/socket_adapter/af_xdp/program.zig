//! The XDP program: the classifier's predicate (`classifier.zig`) once more, for the kernel, before
//! a frame becomes anybody's. What a VR serves goes to the port's XDP socket, all else its usual
//! way through the kernel.
//!
//! Assembled here, instruction by instruction, when an interface is opened: descriptors of maps,
//! the MAC address and limits are plain constants in it. Zig's BPF target would ask for an ELF
//! loader with relocations, and its code's acceptance by the kernel's verifier would hang on the
//! compiler's release. What is lost in reading is made up for by `program_test.zig`, which runs the
//! program in the kernel beside the classifier, on random frames.
//!
//! Never wider than the classifier: a frame that it takes and the classifier leaves would be lost
//! to the kernel. Narrower is harmless: what passes is captured by the packet socket beside it.
const std = @import("std");
const BPF = std.os.linux.BPF;
const Insn = BPF.Insn;

/// Key of the untagged port in `Maps.ports`; tagged ones stand under their VLAN id.
pub const untagged = 4096;
pub const tag_count = 4097;

/// Value in `Maps.ports`: all zero, no port.
pub const PortEntry = extern struct {
    port_plus_1: u32 = 0,
    first_socket: u32 = 0, // in `Maps.sockets`, of its queue 0
};

/// Bitmap over ports that a VR watches promiscuously: value in `Maps.watches`.
pub const WatchEntry = [4]u64;

/// Descriptors of what the program looks into.
pub const Maps = struct {
    served4: i32, // source prefix → VR
    served6: i32,
    local4: i32, // the gateway's own destinations
    local6: i32,
    watches: i32, // VR → WatchEntry
    ports: i32, // VLAN id → PortEntry
    sockets: i32, // PortEntry.first_socket + queue → XDP socket
};

pub const Options = struct {
    maps: Maps,
    mac: [6]u8,
    queues: u32,
    longest: u32, // bytes of the longest frame that an XDP socket takes
    /// Frames lie in several pages, so that their length has to be asked for.
    frags: bool,
    /// Number of the kernel function that tells a tag which hardware has taken out, to be asked.
    tag_function: ?u32,
};

const pass = 2; // XDP_PASS
const helper_lookup: BPF.Helper = .map_lookup_elem;
const helper_redirect: BPF.Helper = .redirect_map;
const helper_length: BPF.Helper = .xdp_get_buff_len;
const tag_type = 0x8100;
const ipv4 = 0x0800;
const ipv6 = 0x86dd;

const Label = enum { to_kernel, own, single, is_ipv4, served, redirect };

// The stack, below r10.
const at_tag = -4; // key of `ports`
const at_type = -8; // type of what the frame carries, in network order
const at_vr = -12; // key of `watches`
const at_port = -20; // PortEntry
const at_told = -32; // tag that hardware took out: protocol, and control information 2 bytes later
const at_destination = -56; // prefix keys: length, then the address
const at_source = -80;

pub const Assembler = struct {
    code: [144]Insn = undefined,
    count: u16 = 0,
    places: std.EnumArray(Label, u16) = .initFill(0),
    jumps: [32]struct { at: u16, to: Label } = undefined,
    jump_count: u16 = 0,

    fn put(a: *Assembler, insn: Insn) void {
        a.code[a.count] = insn;
        a.count += 1;
    }

    fn place(a: *Assembler, label: Label) void {
        a.places.set(label, a.count);
    }

    fn jump(a: *Assembler, insn: Insn, to: Label) void {
        a.jumps[a.jump_count] = .{ .at = a.count, .to = to };
        a.jump_count += 1;
        a.put(insn);
    }

    fn loadWide(a: *Assembler, register: Insn.Reg, value: u64) void {
        a.put(.ld_dw1(register, value));
        a.put(.ld_dw2(value));
    }

    fn loadMap(a: *Assembler, fd: i32) void {
        a.put(.ld_map_fd1(.r1, fd));
        a.put(.ld_map_fd2(fd));
    }

    /// r0: address of the value that the key on the stack has, or 0.
    fn lookup(a: *Assembler, map: i32, key: i16) void {
        a.put(.mov(.r2, .r10));
        a.put(.add(.r2, key));
        a.loadMap(map);
        a.put(.call(helper_lookup));
    }

    /// To the kernel unless the packet, from r7 on, has so many bytes.
    fn require(a: *Assembler, bytes: i32) void {
        a.put(.mov(.r1, .r7));
        a.put(.add(.r1, bytes));
        a.jump(.jgt(.r1, .r8, 0), .to_kernel);
    }

    /// Copies bytes of the packet to the stack.
    fn copy(a: *Assembler, from: i16, to: i16, words: i16) void {
        var i: i16 = 0;
        while (i < words * 4) : (i += 4) {
            a.put(.ldx(.word, .r1, .r7, from + i));
            a.put(.stx(.word, .r10, to + i, .r1));
        }
    }

    /// The program, with every jump where it belongs.
    pub fn finish(a: *Assembler) []const Insn {
        for (a.jumps[0..a.jump_count]) |j|
            a.code[j.at].off = @intCast(a.places.get(j.to) - j.at - 1); // forward, all of them
        return a.code[0..a.count];
    }
};

/// r6: the context, r7: the frame (past a tag: four bytes on, so that the type is at 12 in any
/// case), r8: its end, r9: 1 for a frame that is another host's.
pub fn assemble(a: *Assembler, o: *const Options) []const Insn {
    a.put(.mov(.r6, .r1));
    if (o.tag_function) |number| askForTag(a, number);
    if (o.frags) limitByCall(a, o.longest);
    a.put(.ldx(.word, .r7, .r6, 0));
    a.put(.ldx(.word, .r8, .r6, 4));
    a.require(34);
    if (!o.frags) { // longer: to the kernel
        a.put(.mov(.r1, .r7));
        a.put(.add(.r1, @as(i32, @intCast(o.longest))));
        a.jump(.jlt(.r1, .r8, 0), .to_kernel);
    }
    address(a, o.mac);
    port(a, o.maps.ports);
    prefixes(a, &o.maps);
    watched(a, o.maps.watches);
    redirect(a, o);
    a.place(.to_kernel);
    a.put(.mov(.r0, pass));
    a.put(.exit());
    return a.finish();
}

/// A tag that hardware took out can't be seen in the frame: the packet socket tells it.
fn askForTag(a: *Assembler, number: u32) void {
    a.put(.st(.double_word, .r10, at_told, 0));
    a.put(.mov(.r1, .r6));
    a.put(.mov(.r2, .r10));
    a.put(.add(.r2, at_told));
    a.put(.mov(.r3, .r10));
    a.put(.add(.r3, at_told + 2));
    var call: Insn = .call(helper_lookup);
    call.src = 2; // BPF_PSEUDO_KFUNC_CALL
    call.imm = @intCast(number);
    a.put(call);
    a.jump(.jeq(.r0, 0, 0), .to_kernel);
}

fn limitByCall(a: *Assembler, longest: u32) void {
    a.put(.mov(.r1, .r6));
    a.put(.call(helper_length));
    a.jump(.jgt(.r0, @as(i32, @intCast(longest)), 0), .to_kernel);
}

/// r9, by the destination MAC address; what is for many is the kernel's.
fn address(a: *Assembler, mac: [6]u8) void {
    a.put(.ldx(.word, .r2, .r7, 0));
    a.jump(.jset(.r2, 1, 0), .to_kernel);
    a.put(.ldx(.half_word, .r3, .r7, 4));
    a.put(.lsh(.r3, 32));
    a.put(.alu_or(.r2, .r3));
    a.loadWide(.r4, std.mem.readInt(u48, &mac, .little));
    a.put(.mov(.r9, 0));
    a.jump(.jeq(.r2, .r4, 0), .own);
    a.put(.mov(.r9, 1));
    a.place(.own);
}

/// The port, by the tag; what has a tag that is no port's is the kernel's.
fn port(a: *Assembler, ports: i32) void {
    a.put(.mov(.r3, untagged));
    a.put(.ldx(.half_word, .r2, .r7, 12));
    a.jump(.jne(.r2, network(tag_type), 0), .single);
    a.put(.ldx(.half_word, .r3, .r7, 14));
    a.put(.be(.half_word, .r3));
    a.put(.alu_and(.r3, 0xfff));
    a.put(.add(.r7, 4));
    a.require(34);
    a.put(.ldx(.half_word, .r2, .r7, 12));
    a.place(.single);
    a.put(.stx(.word, .r10, at_tag, .r3));
    a.put(.stx(.word, .r10, at_type, .r2));
    a.lookup(ports, at_tag);
    a.jump(.jeq(.r0, 0, 0), .to_kernel);
    a.put(.ldx(.word, .r1, .r0, 0));
    a.jump(.jeq(.r1, 0, 0), .to_kernel);
    a.put(.stx(.word, .r10, at_port, .r1));
    a.put(.ldx(.word, .r1, .r0, 4));
    a.put(.stx(.word, .r10, at_port + 4, .r1));
}

/// Source and destination, of either family.
fn prefixes(a: *Assembler, maps: *const Maps) void {
    a.put(.ldx(.word, .r2, .r10, at_type));
    a.jump(.jeq(.r2, network(ipv4), 0), .is_ipv4);
    a.jump(.jne(.r2, network(ipv6), 0), .to_kernel);
    a.require(54);
    prefixesOf(a, .{ .source = 22, .destination = 38, .words = 4 }, maps.served6, maps.local6);
    a.jump(.ja(0), .served);
    a.place(.is_ipv4);
    prefixesOf(a, .{ .source = 26, .destination = 30, .words = 1 }, maps.served4, maps.local4);
    a.place(.served);
}

const Places = struct { source: i16, destination: i16, words: i16 };

fn prefixesOf(a: *Assembler, places: Places, served: i32, local: i32) void {
    a.put(.st(.word, .r10, at_source, places.words * 32));
    a.copy(places.source, at_source + 4, places.words);
    a.put(.st(.word, .r10, at_destination, places.words * 32));
    a.copy(places.destination, at_destination + 4, places.words);
    a.lookup(served, at_source);
    a.jump(.jeq(.r0, 0, 0), .to_kernel);
    a.put(.ldx(.word, .r1, .r0, 0));
    a.put(.stx(.word, .r10, at_vr, .r1));
    a.lookup(local, at_destination);
    a.jump(.jne(.r0, 0, 0), .to_kernel);
}

/// Another host's frame is served where its VR watches the port promiscuously.
fn watched(a: *Assembler, watches: i32) void {
    a.jump(.jeq(.r9, 0, 0), .redirect);
    a.lookup(watches, at_vr);
    a.jump(.jeq(.r0, 0, 0), .to_kernel);
    a.put(.ldx(.word, .r1, .r10, at_port));
    a.put(.sub(.r1, 1));
    a.put(.mov(.r2, .r1));
    a.put(.rsh(.r2, 6));
    a.put(.alu_and(.r2, 3));
    a.put(.lsh(.r2, 3));
    a.put(.add(.r0, .r2));
    a.put(.ldx(.double_word, .r2, .r0, 0));
    a.put(.alu_and(.r1, 63));
    a.put(.rsh(.r2, .r1));
    a.put(.alu_and(.r2, 1));
    a.jump(.jeq(.r2, 0, 0), .to_kernel);
    a.place(.redirect);
}

/// To the port's socket on the queue that the frame came by; to the kernel where there is none.
fn redirect(a: *Assembler, o: *const Options) void {
    a.put(.ldx(.word, .r2, .r6, 16));
    a.jump(.jge(.r2, @as(i32, @intCast(o.queues)), 0), .to_kernel);
    a.put(.ldx(.word, .r1, .r10, at_port + 4));
    a.put(.add(.r2, .r1));
    a.loadMap(o.maps.sockets);
    a.put(.mov(.r3, pass));
    a.put(.call(helper_redirect));
    a.put(.exit());
}

/// A number of two bytes as a load from the packet finds it.
fn network(value: u16) i32 {
    return std.mem.nativeToBig(u16, value);
}
