import { equal, throws } from "node:assert/strict";
import { NetlinkError } from "../netlink/mod.ts";
import { RoutePoller } from "./route_poller.ts";

Deno.test("an error of the kernel's does not end polling, any other does", () => {
  let polls = 0;
  let error: Error | null = new NetlinkError("Cannot read the kernel's routes", 12);
  const poller = new RoutePoller({
    ignoresSourceRoutes: () => false,
    poll: () => {
      polls++;
      if (error !== null) throw error;
    },
  });
  poller.poll(true, 5000);
  poller.poll(false, 5999);
  equal(polls, 1);
  poller.poll(false, 6000);
  equal(polls, 2);
  error = null;
  poller.poll(true, 6001);
  equal(polls, 3);
  error = new TypeError("a bug");
  throws(() => poller.poll(true, 6002), TypeError);
});
