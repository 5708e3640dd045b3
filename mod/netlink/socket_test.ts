/** The socket's handling of what a real kernel says rarely: a scripted one says it here. */
import assert from "node:assert/strict";
import { Errno, type NetlinkCalls, NetlinkError } from "./calls.ts";
import { decodeMessages, MessageWriter, Nlmsg } from "./message.ts";
import { NetlinkSocket } from "./socket.ts";

type Reply = Uint8Array | number;

/** A kernel whose answer to each datagram is a list of datagrams or negative errnos. */
function kernel(answer: (sequence: number, attempt: number) => Reply[]): NetlinkCalls {
  const queue: Reply[] = [];
  let attempt = 0;
  return {
    open: () => 3,
    join: () => 0,
    send: (_socket, message) => {
      queue.push(...answer(decodeMessages(message)[0]!.sequence, attempt++));
      return message.length;
    },
    receive: (_socket, buffer) => {
      const next = queue.shift() ?? -Errno.EAGAIN;
      if (typeof next === "number") return next;
      buffer.set(next);
      return next.length;
    },
    close: () => 0,
  };
}

function entry(sequence: number, value: number, flags = 0): Uint8Array {
  const writer = new MessageWriter();
  return writer.begin(24, Nlmsg.F_MULTI | flags, sequence).raw(Uint8Array.of(value)).finish()
    .datagram();
}

function control(type: number, sequence: number, errno = 0): Uint8Array {
  const code = new Uint8Array(20);
  new DataView(code.buffer).setInt32(0, -errno, true);
  return new MessageWriter().begin(type, Nlmsg.F_CAPPED, sequence).raw(code).finish().datagram();
}

const none = new Uint8Array(0);

Deno.test("a dump of many datagrams ends with DONE, strangers' replies left out", () => {
  const socket = new NetlinkSocket(
    kernel((s) => [entry(s, 1), entry(s + 9, 8), -Errno.EAGAIN, entry(s, 2), control(3, s)]),
    0,
  );
  assert.deepEqual(socket.dump("Cannot dump", 26, none).map((m) => m.payload[0]), [1, 2]);
});

Deno.test("an interrupted dump is made again", () => {
  const socket = new NetlinkSocket(
    kernel((s, attempt) =>
      attempt < 2
        ? [entry(s, 1, Nlmsg.F_DUMP_INTR), control(3, s)]
        : [entry(s, 5), entry(s, 6), control(3, s)]
    ),
    0,
  );
  assert.deepEqual(socket.dump("Cannot dump", 26, none).map((m) => m.payload[0]), [5, 6]);
});

Deno.test("a dump that is always interrupted ends after ten attempts", () => {
  let attempts = 0;
  const socket = new NetlinkSocket(
    kernel((s) => {
      attempts++;
      return [entry(s, 1, Nlmsg.F_DUMP_INTR), control(3, s)];
    }),
    0,
  );
  assert.equal(socket.dump("Cannot dump", 26, none).length, 1);
  assert.equal(attempts, 10);
});

Deno.test("errors carry errno, also those within DONE", () => {
  const socket = new NetlinkSocket(
    kernel((s, attempt) => [control(attempt === 0 ? 3 : 2, s, Errno.EOPNOTSUPP)]),
    0,
  );
  const call = () => socket.dump("Cannot dump", 26, none);
  assert.throws(call, (error) => (error as NetlinkError).errno === Errno.EOPNOTSUPP);
  assert.throws(call, /^NetlinkError: Cannot dump: operation not supported$/);
  const again = () => socket.request("Cannot add", 24, 0, none);
  assert.throws(again, (error) => (error as NetlinkError).errno === Errno.EOPNOTSUPP);
});

Deno.test("no answer at all is an error, not a hang", () => {
  const socket = new NetlinkSocket(kernel(() => []), 0);
  assert.throws(() => socket.request("Cannot add", 24, 0, none), /no answer/);
});

Deno.test("what was lost is told once, with what came besides", () => {
  const calls = kernel(() => [entry(0, 1), -Errno.ENOBUFS, entry(0, 2)]);
  const socket = new NetlinkSocket(calls, 0);
  calls.send(3, new MessageWriter().begin(24, 0, 0).finish().datagram());
  const { messages, lost } = socket.poll();
  assert.ok(lost);
  assert.deepEqual(messages.map((m) => m.payload[0]), [1, 2]);
  assert.deepEqual(socket.poll(), { messages: [], lost: false });
});

Deno.test("after a loss the socket is read to its end, however much there is", () => {
  const many = Array.from({ length: 10_000 }, () => entry(0, 1));
  const calls = kernel(() => [-Errno.ENOBUFS, ...many]);
  const socket = new NetlinkSocket(calls, 0);
  calls.send(3, new MessageWriter().begin(24, 0, 0).finish().datagram());
  assert.equal(socket.poll().messages.length, many.length);
  assert.equal(calls.receive(3, new Uint8Array(64)), -Errno.EAGAIN);
});

Deno.test("a socket that cannot be opened is an error", () => {
  const calls = { ...kernel(() => []), open: () => -Errno.EPROTONOSUPPORT };
  assert.throws(() => new NetlinkSocket(calls, 12), /protocol not supported/);
});
