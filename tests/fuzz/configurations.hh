// What packets.cc sends frames through: between eth1 and eth2, most elements that look into packets
// or change them. New ones come last, since a seed's first byte is the number of its configuration.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace click {

/// The text of an example, below the folder that this runs in.
inline std::string example(const char *name) {
    std::string text;
    const std::string path = std::string("vrs/click/examples/") + name;
    FILE *f = std::fopen(path.c_str(), "rb");
    if (!f) {
        std::fprintf(stderr, "%s: not there; run this in the root of the sources\n", path.c_str());
        std::exit(1);
    }
    for (int c; (c = std::fgetc(f)) != EOF;) text += static_cast<char>(c);
    std::fclose(f);
    return text;
}

inline const std::string configurations[] = {
    example("router.click"),
    example("nat.click"),
    example("minimal.click"),
    // Headers are checked, and what is in them decides.
    R"(FromDevice(eth1) -> StripToNetworkHeader -> c :: CheckIPHeader(VERBOSE false)
        -> t :: Tee(6);
       c[1] -> Discard;
       t[0] -> u :: CheckUDPHeader -> SetUDPChecksum -> Discard; u[1] -> Discard;
       t[1] -> v :: CheckTCPHeader -> SetTCPChecksum -> Discard; v[1] -> Discard;
       t[2] -> i :: CheckICMPHeader -> ICMPPingResponder -> Discard; i[1] -> Discard;
       t[3] -> IPFilter(allow tcp opt syn, allow src net 10.0.0.0/8 && dst port > 1000,
                        allow icmp type echo or ip frag, deny ip ttl < 3, allow all) -> Discard;
       t[4] -> k :: IPClassifier(tcp dst port 21, udp src port 53-99, icmp type 3 code 4,
                                 ip proto 47, ip dscp 10, ip ect, ip hl 6, -) -> Discard;
       k[1], k[2], k[3], k[4], k[5], k[6], k[7] -> Discard;
       t[5] -> IPMirror -> IPRateMonitor(PACKETS, 0.5, 1) -> Discard;)",
    // Options, fragments, errors.
    R"(FromDevice(eth1) -> Strip(14) -> CheckIPHeader(CHECKSUM false) -> GetIPAddress(16)
        -> o :: IPGWOptions(10.0.0.1) -> FixIPSrc(10.0.0.1) -> d :: DecIPTTL
        -> f :: IPFragmenter(68, VERBOSE false) -> IPReassembler -> CheckIPHeader -> Discard;
       o[1] -> ICMPError(10.0.0.1, parameterproblem) -> Discard;
       d[1] -> ICMPError(10.0.0.1, timeexceeded) -> Discard;
       f[1] -> ICMPError(10.0.0.1, unreachable, needfrag, PMTU 68) -> Discard;)",
    R"(FromDevice(eth1) -> Strip(14) -> MarkIPHeader -> r :: IPReassembler(TIMEOUT 1s)
        -> o :: IPOutputCombo(1, 10.0.0.1, 576) -> Discard; r[1] -> Discard;
       o[1], o[2], o[3], o[4] -> Discard;
       FromDevice(eth2) -> IPInputCombo(1) -> Discard;)",
    // Nothing was checked before.
    R"(FromDevice(eth1) -> t :: Tee(12);
       t[0] -> Strip(14) -> MarkIPHeader -> IPPrint(x, CONTENTS HEX, LENGTH true) -> Discard;
       t[1] -> MarkIPHeader(14) -> DecIPTTL -> Discard;
       t[2] -> Strip(14) -> MarkIPHeader -> SetIPChecksum -> SetIPDSCP(3) -> MarkIPCE -> Discard;
       t[3] -> Strip(14) -> MarkIPHeader -> UnstripIPHeader -> StripIPHeader -> Discard;
       t[4] -> Strip(14) -> MarkIPHeader -> IPMirror -> Discard;
       t[5] -> Strip(14) -> MarkIPHeader -> ICMPError(1.2.3.4, 3, 4) -> Discard;
       t[6] -> Strip(14) -> MarkIPHeader -> SetTCPChecksum -> SetUDPChecksum -> Discard;
       t[7] -> Strip(14) -> MarkIPHeader -> IPFragmenter(100) -> Discard;
       t[8] -> Strip(14) -> MarkIPHeader -> IPGWOptions(1.2.3.4) -> Discard;
       t[9] -> Strip(14) -> MarkIPHeader -> IPFilter(allow tcp port 80, deny all) -> Discard;
       t[10] -> Strip(14) -> CheckIPHeader2 -> CheckICMPHeader -> Discard;
       t[11] -> Strip(14) -> MarkIPHeader -> CheckTCPHeader -> FTPPortMapper(w, w, 0) -> [0]w;
       w :: TCPRewriter(pattern 9.9.9.9 1-65535 - - 0 0) -> Discard;)",
    // Ethernet, VLAN, ARP.
    R"(FromDevice(eth1) -> t :: Tee(9);
       ARPFaker(1.1.1.1, 2:0:0:0:0:1, 2.2.2.2, 2:0:0:0:0:2) -> Discard;
       t[0] -> VLANDecap -> VLANEncap(5) -> StripEtherVLANHeader -> Discard;
       t[1] -> ARPPrint -> ARPResponder(10.0.0.0/8 2:0:0:0:0:9) -> Discard;
       t[2] -> EtherVLANEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2, 9) -> VLANDecap -> Discard;
       t[3] -> HostEtherFilter(2:0:0:0:0:1) -> EtherMirror
            -> EtherRewrite(2:0:0:0:0:1, 2:0:0:0:0:2) -> Discard;
       t[4] -> SetCRC32 -> CheckCRC32 -> Discard;
       t[5] -> CheckCRC32 -> Discard;
       t[6] -> Strip(14) -> MarkIPHeader -> GetIPAddress(16)
            -> q :: ARPQuerier(10.0.0.1, 2:0:0:0:0:1, TIMEOUT 2) -> Discard;
       t[7] -> [1] q;
       t[8] -> StripToNetworkHeader -> MarkIPHeader -> IPPrint(y) -> Discard;)",
    // What any bytes may go through.
    R"(FromDevice(eth1) -> t :: Tee(10);
       t[0] -> Print(z, 40, TIMESTAMP true) -> Truncate(20) -> Pad(100) -> Discard;
       t[1] -> c :: Classifier(12/0800 23/06 36/0050%00f0, 12/0806 20/0001, !0/ff, 60/aabbccdd, -)
            -> Discard; c[1], c[2], c[3], c[4] -> Discard;
       t[2] -> Align(4, 2) -> Strip(3) -> Unstrip(5) -> Discard;
       t[3] -> HashSwitch(3, 9) -> Discard;
       t[4] -> Unstrip(200) -> StoreIPAddress(1.2.3.4, 30) -> GetIPAddress(100) -> Discard;
       t[5] -> Suppressor -> Paint(3) -> CheckPaint(3) -> IPEncap(17, 1.2.3.4, DST_ANNO) -> Discard;
       t[6] -> UDPIPEncap(1.1.1.1, 1, 2.2.2.2, 2) -> CheckIPHeader -> CheckUDPHeader -> Discard;
       t[7] -> ICMPPingEncap(1.1.1.1, 2.2.2.2) -> CheckIPHeader -> CheckICMPHeader
            -> ICMPPingResponder -> Discard;
       t[8] -> Queue -> DelayShaper(1ms) -> Unqueue -> Discard;
       t[9] -> Queue(4) -> Shaper(1000) -> Unqueue -> m :: Meter(10) -> Discard;
       m[1] -> Discard;)",
    // Flows of every kind, and errors about them; siblings' flows.
    R"(FromDevice(eth1) -> Strip(14) -> a :: CheckIPHeader(CHECKSUM false) -> [0] w;
       FromDevice(eth2) -> Strip(14) -> b :: CheckIPHeader(CHECKSUM false) -> [1] w;
       w :: IPRewriter(pattern 9.9.9.9 1024-65535# - - 0 1, drop) -> Discard; w[1] -> Discard;
       a[1] -> i :: ICMPRewriter(w x) -> Discard;
       b[1] -> MarkIPHeader -> x :: UDPRewriter(pattern 8.8.8.8 1-3 - - 0 0) -> Discard;)",
    R"(FromDevice(eth1) -> Strip(14) -> MarkIPHeader -> t :: Tee(4);
       t[0] -> IPAddrRewriter(pattern 1.0.0.1-1.0.0.9 - 0 0) -> Discard;
       t[1] -> IPAddrPairRewriter(pattern 1.0.0.1-1.0.0.9 - 0 0) -> Discard;
       t[2] -> ICMPPingRewriter(pattern 3.3.3.3 1-100 - - 0 0) -> Discard;
       t[3] -> ICMPRewriter(p) -> Discard;
       FromDevice(eth2) -> Strip(14) -> MarkIPHeader
            -> p :: TCPRewriter(pattern 4.4.4.4 1-65535 - - 0 0) -> Discard;)",
};

} // namespace click
