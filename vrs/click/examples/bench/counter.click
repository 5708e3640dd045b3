// lvrm bench click: what the way of a packet costs by itself.
//
//     lvrm click -h counted.count -t counter.click LIMIT=20000000
define($LIMIT 20000000);

InfiniteSource(LIMIT $LIMIT, STOP true) -> counted :: Counter -> Discard;
