// lvrm bench click: the middle of a router without its exceptions.
//
//     lvrm click -h counted.count -t chain.click LIMIT=20000000
define($LIMIT 20000000);

// UDP from 10.0.1.2 to 10.0.11.2, 60 bytes.
InfiniteSource(DATA \<
    02 00 00 00 00 01  02 00 00 00 00 11  08 00
    45 00 00 2e  00 00 00 00  40 11 5a bc  0a 00 01 02  0a 00 0b 02
    04 d2 00 09  00 1a 00 00  6c 76 72 6d 20 62 65 6e 63 68 20 63 6c 69 63 6b 20 20>,
    LIMIT $LIMIT, STOP true)
  -> Strip(14)
  -> CheckIPHeader
  -> routes :: StaticIPLookup(10.0.1.0/24 0, 10.0.11.0/24 1, 0.0.0.0/0 10.0.11.1 1);
routes[0] -> Discard;
routes[1]
  -> DecIPTTL
  -> EtherEncap(0x0800, 02:00:00:00:00:02, 02:00:00:00:00:12)
  -> counted :: Counter
  -> Discard;
