// lvrm bench click: the standard IP router with two interfaces, all of its elements in the path.
// Packets come from memory on both interfaces and are discarded behind the queues.
//
//     lvrm click -h counted.count -t router.click LIMIT=5000000
define($LIMIT 5000000);

// UDP between 10.0.1.2 (by interface a, 10.0.1.1) and 10.0.11.2 (by b, 10.0.11.1), 60 bytes.
in_a :: InfiniteSource(DATA \<
    02 00 00 00 00 01  02 00 00 00 00 11  08 00
    45 00 00 2e  00 00 00 00  40 11 5a bc  0a 00 01 02  0a 00 0b 02
    04 d2 00 09  00 1a 00 00  6c 76 72 6d 20 62 65 6e 63 68 20 63 6c 69 63 6b 20 20>,
    LIMIT $LIMIT, STOP true);
in_b :: InfiniteSource(DATA \<
    02 00 00 00 00 02  02 00 00 00 00 12  08 00
    45 00 00 2e  00 00 00 00  40 11 5a bc  0a 00 0b 02  0a 00 01 02
    04 d2 00 09  00 1a 00 00  6c 76 72 6d 20 62 65 6e 63 68 20 63 6c 69 63 6b 20 20>,
    LIMIT $LIMIT, STOP true);

c_a :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
c_b :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
arp_a :: ARPQuerier(10.0.1.1, 02:00:00:00:00:01);
arp_b :: ARPQuerier(10.0.11.1, 02:00:00:00:00:02);
out_a :: Queue(200);
out_b :: Queue(200);
routes :: StaticIPLookup(10.0.1.1/32 0, 10.0.11.1/32 0, 10.0.1.0/24 1, 10.0.11.0/24 2);
ip :: Strip(14)
  -> CheckIPHeader(INTERFACES 10.0.1.1/24 10.0.11.1/24)
  -> GetIPAddress(16)
  -> routes;

in_a -> c_a;
c_a[0] -> ARPResponder(10.0.1.1 02:00:00:00:00:01) -> out_a;
c_a[1] -> [1]arp_a;
c_a[2] -> Paint(1) -> ip;
c_a[3] -> Print(a) -> Discard;

in_b -> c_b;
c_b[0] -> ARPResponder(10.0.11.1 02:00:00:00:00:02) -> out_b;
c_b[1] -> [1]arp_b;
c_b[2] -> Paint(2) -> ip;
c_b[3] -> Print(b) -> Discard;

routes[0] -> Print(own) -> Discard;

routes[1]
  -> DropBroadcasts
  -> redirect_a :: PaintTee(1)
  -> options_a :: IPGWOptions(10.0.1.1)
  -> FixIPSrc(10.0.1.1)
  -> ttl_a :: DecIPTTL
  -> fragments_a :: IPFragmenter(1500)
  -> arp_a
  -> out_a;
redirect_a[1] -> ICMPError(10.0.1.1, redirect, host) -> routes;
options_a[1] -> ICMPError(10.0.1.1, parameterproblem) -> routes;
ttl_a[1] -> ICMPError(10.0.1.1, timeexceeded) -> routes;
fragments_a[1] -> ICMPError(10.0.1.1, unreachable, needfrag) -> routes;

routes[2]
  -> DropBroadcasts
  -> redirect_b :: PaintTee(2)
  -> options_b :: IPGWOptions(10.0.11.1)
  -> FixIPSrc(10.0.11.1)
  -> ttl_b :: DecIPTTL
  -> fragments_b :: IPFragmenter(1500)
  -> arp_b
  -> out_b;
redirect_b[1] -> ICMPError(10.0.11.1, redirect, host) -> routes;
options_b[1] -> ICMPError(10.0.11.1, parameterproblem) -> routes;
ttl_b[1] -> ICMPError(10.0.11.1, timeexceeded) -> routes;
fragments_b[1] -> ICMPError(10.0.11.1, unreachable, needfrag) -> routes;

out_a -> counted_a :: Counter -> Discard;
out_b -> counted :: Counter -> Discard;

// Neighbours that have answered.
Script(write arp_a.insert 10.0.1.2 02:00:00:00:00:11, write arp_b.insert 10.0.11.2 02:00:00:00:00:12);
