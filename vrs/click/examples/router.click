// The standard IP router with two interfaces: everything that RFC 1812 asks of a router's way of
// forwarding, ARP and ICMP errors included.
//
//     lvrm --interface eth1 --interface eth2 --vr '0.0.0.0/0=clickvr:router.click A=eth1 B=eth2'
//
// Addresses, networks and MAC addresses are those of the interfaces.
define($A eth1, $B eth2);

// What is received: ARP requests, ARP replies, IP, the rest.
elementclass Input { $color, $port, $nets |
    input -> HostEtherFilter($port, DROP_OWN false)
        -> c :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
    c[0] -> ARPResponder($port:ip $port:eth) -> [1]output;
    c[1] -> [2]output;
    c[2] -> Paint($color) -> Strip(14) -> CheckIPHeader(INTERFACES $nets)
        -> GetIPAddress(16) -> [0]output;
    c[3] -> Discard;
}

// The way to an interface: redirects, options, time to live, fragments, and the errors about them.
elementclass Output { $color, $port |
    input -> DropBroadcasts
        -> paint :: PaintTee($color)
        -> options :: IPGWOptions($port:ip)
        -> FixIPSrc($port:ip)
        -> ttl :: DecIPTTL
        -> fragments :: IPFragmenter(1500)
        -> [0]output;
    paint[1] -> ICMPError($port:ip, redirect, host) -> [1]output;
    options[1] -> ICMPError($port:ip, parameterproblem) -> [1]output;
    ttl[1] -> ICMPError($port:ip, timeexceeded) -> [1]output;
    fragments[1] -> ICMPError($port:ip, unreachable, needfrag, PMTU 1500) -> [1]output;
}

routes :: StaticIPLookup($A:ip 0, $B:ip 0, $A:ipnet 1, $B:ipnet 2);

FromDevice($A, PROMISC true) -> in_a :: Input(1, $A, $A:ipnet $B:ipnet);
FromDevice($B, PROMISC true) -> in_b :: Input(2, $B, $A:ipnet $B:ipnet);
in_a[0], in_b[0] -> routes;

// For the router itself: it answers pings, and refuses the rest.
routes[0] -> local :: IPClassifier(icmp type echo, icmp, -);
local[0] -> ICMPPingResponder -> routes;
local[1] -> Discard;
local[2] -> ICMPError($A:ip, unreachable, port) -> routes;

routes[1] -> out_a :: Output(1, $A) -> arp_a :: ARPQuerier($A:ip, $A:eth);
routes[2] -> out_b :: Output(2, $B) -> arp_b :: ARPQuerier($B:ip, $B:eth);
out_a[1], out_b[1] -> routes;
in_a[2] -> [1]arp_a;
in_b[2] -> [1]arp_b;

arp_a, in_a[1] -> queue_a :: Queue(1000) -> ToDevice($A);
arp_b, in_b[1] -> queue_b :: Queue(1000) -> ToDevice($B);
