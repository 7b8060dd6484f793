import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ConnectionError, Host, HostError, type EventType } from "../src/client/index.js";
import { faultOf } from "../src/client/errors.js";
import { TIMEOUTS } from "../src/client/host.js";
import { HELLO, Station } from "./station.js";

const client = { name: "test", version: "1.2.3" };
let station: Station;
let host: Host;
let events: EventType[];
let losses: ConnectionError[];

beforeEach(() => {
  vi.useFakeTimers();
  station = new Station();
  events = [];
  losses = [];
  host = new Host({ client, channel: station.channel, onEvent: (type) => events.push(type), onClosed: (error) => losses.push(error) });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What `promise` rejects with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "resolved",
    (error: unknown) => error,
  );
}

async function greeted(): Promise<void> {
  const connected = host.connect();
  await station.answer("hello", HELLO);
  await connected;
}

test("nothing is started before the first call", () => {
  expect(station.opened).toBe(0);
});

test("hello is the first frame, with the protocol's version and the client's", async () => {
  const connected = host.connect();

  expect(await station.frame("hello")).toEqual({ jsonrpc: "2.0", id: 1, method: "hello", params: { protocol: ["1"], client } });
  await station.answer("hello", HELLO);
  expect(await connected).toEqual(HELLO);
});

test("a request is a JSON-RPC frame with an id of its own, and resolves with its own result", async () => {
  await greeted();
  const status = host.request("getStatus", {});
  const list = host.request("listKeys", { limit: 5 });
  const frame = await station.frame("listKeys");

  expect(frame).toEqual({ jsonrpc: "2.0", id: frame.id, method: "listKeys", params: { limit: 5 } });
  expect(frame.id).not.toBe((await station.frame("getStatus")).id);
  await station.answer("listKeys", { keys: [] });
  await station.answer("getStatus", { state: "locked", idleLockSeconds: 1, slots: [] });
  expect(await list).toEqual({ keys: [] });
  expect(await status).toEqual({ state: "locked", idleLockSeconds: 1, slots: [] });
});

test("all calls share one host, whoever calls first", async () => {
  const calls = [host.connect(), host.request("getStatus", {}), host.connect()];
  await station.answer("hello", HELLO);
  await station.answer("getStatus", {});
  await Promise.all(calls);

  expect(station.opened).toBe(1);
});

test("a refusal carries code, reason and what else the host says", async () => {
  await greeted();
  const call = rejection(host.request("unlock", {}));
  await station.refuse("unlock", 5007, { reason: "busy", retryAfterSeconds: 9 });
  const error = await call;

  expect(error).toBeInstanceOf(HostError);
  expect(error).toMatchObject({ code: 5007, reason: "busy", message: "No.", data: { retryAfterSeconds: 9 } });
});

test("a reason that this client does not know is unknown, and still a HostError", async () => {
  await greeted();
  const call = rejection(host.request("unlock", {}));
  await station.refuse("unlock", 5099, { reason: "constructor" });

  expect(await call).toMatchObject({ name: "HostError", code: 5099, reason: "unknown" });
});

test("an origin that is not let in learns so from the answer to hello, not from the end that follows", async () => {
  const connected = rejection(host.connect());
  await station.refuse("hello", 4100, { reason: "origin_not_allowed" });
  station.end("Native host has exited.");

  expect(await connected).toMatchObject({ name: "HostError", reason: "origin_not_allowed" });
});

test("an error without an id answers the only call in flight", async () => {
  const connected = rejection(host.connect());
  await station.frame("hello");
  station.push({ jsonrpc: "2.0", id: null, error: { code: 4100, message: "No.", data: { reason: "origin_not_allowed" } } });

  expect(await connected).toMatchObject({ reason: "origin_not_allowed" });
});

test("an error without an id answers nobody while several calls are in flight", async () => {
  await greeted();
  const outcomes = Promise.allSettled([host.request("getStatus", {}), host.request("lock", {})]);
  await station.frame("lock");
  station.push({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "No.", data: { reason: "parse_error" } } });
  await station.answer("getStatus", {});
  await station.answer("lock", {});

  expect((await outcomes).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
});

test("what is no reply is dropped", async () => {
  await greeted();
  const call = host.request("getStatus", {});
  await station.frame("getStatus");
  for (const noise of [null, 42, "text", [], {}, { id: 99, result: 1 }, { id: "2", result: 1 }, { method: "event" }, { method: "event", params: { type: "toString" } }]) station.push(noise);
  await station.answer("getStatus", { state: "locked" });

  expect(await call).toEqual({ state: "locked" });
  expect(events).toEqual([]);
});

test("events reach the listener", async () => {
  await greeted();
  station.push({ jsonrpc: "2.0", method: "event", params: { type: "locked" } });

  expect(events).toEqual(["locked"]);
});

test("a call that needs no person fails soon when no answer comes, and is cancelled", async () => {
  await greeted();
  const call = rejection(host.request("listKeys", {}));
  const { id } = await station.frame("listKeys");
  await vi.advanceTimersByTimeAsync(TIMEOUTS.machine);

  expect(await call).toMatchObject({ name: "ConnectionError", fault: "host_silent" });
  expect(await station.frame("cancel")).toEqual({ jsonrpc: "2.0", method: "cancel", params: { id } });
});

test("a call that waits for a person is given time", async () => {
  await greeted();
  const call = host.request("signMessage", { keyId: "k", format: "eip191", message: "" });
  await station.frame("signMessage");
  await vi.advanceTimersByTimeAsync(TIMEOUTS.person - 1);
  await station.answer("signMessage", { signature: "AA", address: "0x" });

  expect(await call).toEqual({ signature: "AA", address: "0x" });
});

test("a limit of the caller's takes the place of the method's", async () => {
  await greeted();
  const call = rejection(host.request("signMessage", { keyId: "k", format: "eip191", message: "" }, { timeout: 100 }));
  await station.frame("signMessage");
  await vi.advanceTimersByTimeAsync(100);

  expect(await call).toMatchObject({ fault: "host_silent" });
});

test("an answer that comes too late is dropped", async () => {
  await greeted();
  const call = rejection(host.request("listKeys", {}));
  await station.frame("listKeys");
  await vi.advanceTimersByTimeAsync(TIMEOUTS.machine);
  await station.answer("listKeys", { keys: [] });

  expect(await call).toMatchObject({ fault: "host_silent" });
});

test("a host that does not answer hello is given up and its port closed", async () => {
  const connected = rejection(host.connect());
  await station.frame("hello");
  await vi.advanceTimersByTimeAsync(TIMEOUTS.hello);

  expect(await connected).toMatchObject({ fault: "host_silent" });
  expect(station.closedByClient).toBe(1);
});

test("aborting sends cancel with the call's id, and the host's answer settles it", async () => {
  await greeted();
  const controller = new AbortController();
  const call = rejection(host.request("unlock", {}, { signal: controller.signal }));
  const { id } = await station.frame("unlock");
  controller.abort();

  expect(await station.frame("cancel")).toEqual({ jsonrpc: "2.0", method: "cancel", params: { id } });
  await station.refuse("unlock", 5006, { reason: "cancelled" });
  expect(await call).toMatchObject({ reason: "cancelled" });
});

test("a call that was approved before its cancelling arrived still gives its result", async () => {
  await greeted();
  const controller = new AbortController();
  const call = host.request("unlock", {}, { signal: controller.signal });
  await station.frame("unlock");
  controller.abort();
  await station.answer("unlock", { state: "unlocked" });

  expect(await call).toEqual({ state: "unlocked" });
});

test("a host that does not even answer a cancelled call is silent", async () => {
  await greeted();
  const controller = new AbortController();
  const call = rejection(host.request("unlock", {}, { signal: controller.signal }));
  await station.frame("unlock");
  controller.abort();
  await vi.advanceTimersByTimeAsync(TIMEOUTS.cancelled);

  expect(await call).toMatchObject({ fault: "host_silent" });
});

test("a call aborted before it is sent is cancelled and never sent", async () => {
  const controller = new AbortController();
  controller.abort();
  const call = rejection(host.request("unlock", {}, { signal: controller.signal }));
  await station.answer("hello", HELLO);

  expect(await call).toMatchObject({ reason: "cancelled" });
  expect(station.sent).toEqual([]);
});

test("a port that closes fails every call in flight, and says so once", async () => {
  await greeted();
  const calls = [rejection(host.request("unlock", {})), rejection(host.request("listKeys", {}))];
  await station.frame("listKeys");
  station.end("Native host has exited.");

  expect(await Promise.all(calls)).toMatchObject([{ fault: "host_exited" }, { fault: "host_exited" }]);
  expect(losses).toMatchObject([{ fault: "host_exited" }]);
});

test("after a port closed the next call starts a host anew", async () => {
  await greeted();
  station.end("Native host has exited.");
  const call = host.request("getStatus", {});
  await station.answer("hello", HELLO);
  await station.answer("getStatus", { state: "locked" });

  expect(await call).toEqual({ state: "locked" });
  expect(station.opened).toBe(2);
});

test("a host that answers in another protocol version means that the extension is too old", async () => {
  const connected = rejection(host.connect());
  await station.answer("hello", { ...HELLO, protocol: "2" });

  expect(await connected).toMatchObject({ name: "ConnectionError", fault: "extension_too_old" });
});

test.each([
  ["the host speaks only newer versions", { reason: "unsupported", detail: "protocol 2, 3" }, "extension_too_old"],
  ["the host names no version", { reason: "unsupported", detail: "protocol" }, "extension_too_old"],
  ["the host speaks only older versions", { reason: "unsupported", detail: "protocol 0" }, "host_too_old"],
])("no common version: %s", async (_, data, fault) => {
  const connected = rejection(host.connect());
  await station.refuse("hello", 4200, data);

  expect(await connected).toMatchObject({ fault });
});

test("a method that the host does not announce means that the host is too old, and is not sent", async () => {
  const call = rejection(host.request("restoreSeed", {}));
  await station.answer("hello", { ...HELLO, methods: ["hello"] });

  expect(await call).toMatchObject({ fault: "host_too_old" });
  expect(station.sent).toEqual([]);
});

test("a request over the host's limit in bytes is not sent", async () => {
  await greeted();
  const call = rejection(host.request("generateKey", { alg: "BIP39", label: "ü".repeat(HELLO.limits.requestBytes / 2) }));

  expect(await call).toMatchObject({ fault: "request_too_large" });
  expect(station.sent).toEqual([]);
});

test("closing fails what is in flight and closes the port", async () => {
  await greeted();
  const call = rejection(host.request("unlock", {}));
  await station.frame("unlock");
  host.close();

  expect(await call).toMatchObject({ fault: "closed" });
  expect(station.closedByClient).toBe(1);
});

test.each([
  ["Specified native messaging host not found.", "host_missing"],
  ["No such native application io.strongroom.host", "host_missing"],
  ["Access to the specified native messaging host is forbidden.", "host_forbidden"],
  ["Native host has exited.", "host_exited"],
  ["Error when communicating with the native messaging host.", "host_exited"],
  ["An unexpected error occurred", "host_exited"],
  [undefined, "host_exited"],
])("a browser that says %j means %s", (cause, fault) => {
  expect(faultOf(cause)).toBe(fault);
});
