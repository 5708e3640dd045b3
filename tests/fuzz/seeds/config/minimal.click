// The paper's minimal forwarder (section 4.1): what comes in by one interface goes out by the other
// as it is, ARP and neighbour discovery too, so that both sides see each other as on one wire.
//
//     lvrm --interface eth1 --interface eth2 \
//         --vr '0.0.0.0/0,::/0=clickvr:minimal.click A=eth1 B=eth2'
define($A eth1, $B eth2);

FromDevice($A, PROMISC true) -> ToDevice($B);
FromDevice($B, PROMISC true) -> ToDevice($A);
