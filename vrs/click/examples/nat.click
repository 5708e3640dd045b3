// A network behind one address: what comes from inside leaves with the address and a port of its
// own; only replies come back in. Pings, ICMP errors and FTP's active mode too.
//
//     lvrm --interface eth1 --interface eth2 --vr \
//         '0.0.0.0/0=clickvr:nat.click IN=eth1 OUT=eth2 ADDRESS=192.0.2.7 GATEWAY=192.0.2.1'
//
// ADDRESS is one of the outer network that the gateway itself doesn't have: what is sent to the
// gateway's own addresses is its kernel's, and never a VR's. GATEWAY is the next router out there.
define($IN eth1, $OUT eth2, $ADDRESS 192.0.2.7, $GATEWAY 192.0.2.1);

IPRewriterPatterns(out $ADDRESS 1024-65535 - -);
tcp :: TCPRewriter(pattern out 0 1, drop);
udp :: UDPRewriter(pattern out 0 1, drop);
ping :: ICMPPingRewriter(pattern $ADDRESS 0-65535 - - 0 1, drop);

elementclass Input { $port, $address, $nets |
    input -> HostEtherFilter($port, DROP_OWN false)
        -> c :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
    c[0] -> ARPResponder($address $port:eth) -> [1]output;
    c[1] -> [2]output;
    c[2] -> Strip(14) -> CheckIPHeader(INTERFACES $nets) -> [0]output;
    c[3] -> Discard;
}

FromDevice($IN, PROMISC true) -> inside :: Input($IN, $IN:ip, $IN:ipnet $OUT:ipnet);
FromDevice($OUT, PROMISC true) -> outside :: Input($OUT, $ADDRESS, $IN:ipnet $OUT:ipnet);

// From inside: this router's own address answers pings; the rest goes out, rewritten.
inside[0] -> own :: IPClassifier(dst host $IN:ip and icmp type echo, dst host $IN:ip, -);
own[0] -> ICMPPingResponder -> to_inside :: IPGWOptions($IN:ip);
own[1] -> Discard;
own[2] -> ttl_out :: DecIPTTL
    -> kind :: IPClassifier(dst tcp port 21, tcp, udp, icmp type echo, icmp, -);
ttl_out[1] -> ICMPError($IN:ip, timeexceeded) -> to_inside;
kind[0] -> FTPPortMapper(tcp, tcp, 0) -> [0]tcp;
kind[1] -> [0]tcp;
kind[2] -> [0]udp;
kind[3] -> [0]ping;
kind[4] -> errors_out :: ICMPRewriter(tcp udp ping) -> route :: StaticIPLookup($OUT:ipnet 0, 0.0.0.0/0 $GATEWAY 0);
kind[5] -> Discard;
tcp[0], udp[0], ping[0] -> route;

// From outside: replies of known flows, and errors about them.
outside[0] -> ttl_in :: DecIPTTL
    -> reply :: IPClassifier(tcp, udp, icmp type echo-reply, icmp type echo and dst host $ADDRESS,
        icmp, -);
ttl_in[1] -> ICMPError($ADDRESS, timeexceeded) -> route;
reply[0] -> [1]tcp;
reply[1] -> [1]udp;
reply[2] -> [1]ping;
reply[3] -> ICMPPingResponder -> route;
reply[4] -> ICMPRewriter(tcp udp ping) -> to_inside;
reply[5] -> Discard;
tcp[1], udp[1], ping[1] -> to_inside;

route -> cut_out :: IPFragmenter(1500) -> arp_out :: ARPQuerier($ADDRESS, $OUT:eth);
to_inside -> GetIPAddress(16) -> cut_in :: IPFragmenter(1500) -> arp_in :: ARPQuerier($IN:ip, $IN:eth);
cut_out[1] -> ICMPError($IN:ip, unreachable, needfrag, PMTU 1500) -> back :: ICMPRewriter(tcp udp ping)
    -> to_inside;
cut_in[1] -> ICMPError($ADDRESS, unreachable, needfrag, PMTU 1500) -> route;
inside[2] -> [1]arp_in;
outside[2] -> [1]arp_out;
arp_in, inside[1] -> Queue(1000) -> ToDevice($IN);
arp_out, outside[1] -> Queue(1000) -> ToDevice($OUT);
