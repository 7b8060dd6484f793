import { beforeEach, expect, test } from "vitest";

import { ConnectionError, Host, type EventType } from "../src/client/index.js";
import type { Bytes } from "../src/client/base64url.js";
import { readPairing } from "../src/client/pairing.js";
import { ABLE, MemoryStore, PairedHost, PAIRING_ID, refusal, until } from "./paired.js";
import type { Frame } from "./station.js";

const client = { name: "test", version: "1" };
let far: PairedHost;
let pairings: MemoryStore;
let host: Host;
let codes: string[];
let events: EventType[];
let losses: string[];

/** A wallet that keeps what `pairings` keeps and reaches `far`. */
function wallet(): Host {
  return new Host({ client, channel: far.channel, pairings, onEvent: (type) => events.push(type), onClosed: ({ fault }) => losses.push(fault) });
}

beforeEach(async () => {
  far = await PairedHost.of();
  pairings = new MemoryStore();
  codes = [];
  events = [];
  losses = [];
  host = wallet();
});

const onCode = (code: string): void => {
  codes.push(code);
};

async function pair(): Promise<void> {
  await host.pair({ onCode });
}

/** The wallet starts again, with what it keeps. */
async function again(): Promise<void> {
  host.close();
  host = wallet();
  far.posted.length = far.heard.length = far.sealedCalls.length = losses.length = 0;
  await Promise.resolve();
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "resolved",
    (error: unknown) => error,
  );
}

function walletKey(): Bytes {
  if (far.walletKey === undefined) throw new Error("not paired");
  return far.walletKey;
}

/** The host's part of a channel that the wallet had before this one. */
async function stale(): Promise<string> {
  let said = "";
  far.answers["openChannel"] = async ({ params }: Frame) => {
    said = await far.responder.open(params["message"] as string, walletKey());
    return { message: said };
  };
  await host.connect();
  await again();
  return said;
}

const methods = (): string[] => far.heard.map(({ method }) => method);

test("both sides see the same eight digits in two groups, and the wallet keeps host, id and a key that nobody can read", async () => {
  await pair();

  expect(codes).toEqual(far.codes);
  expect(codes[0]).toMatch(/^\d{4} \d{4}$/);
  expect(far.keepsCommitment).toBe(true);
  expect(pairings.kept).toMatchObject({ pairingId: PAIRING_ID, hostKey: far.responder.own.publicKey, own: { publicKey: far.walletKey } });
  expect(pairings.kept?.own.privateKey.extractable).toBe(false);
});

test("a second pairing has another key, another nonce and another code", async () => {
  await pair();
  const first = pairings.kept;
  await host.forgetPairing();
  host = wallet();
  await pair();

  expect(pairings.kept?.own.publicKey).not.toEqual(first?.own.publicKey);
  expect(codes[0]).not.toBe(codes[1]);
});

test("after pairing everything on the same port is sealed", async () => {
  await pair();
  const answer = await host.request("listKeys", { limit: 5 });

  expect(host.paired).toBe(true);
  expect(answer).toEqual({ echo: { limit: 5 } });
  expect(Object.keys(far.posted.at(-1) ?? {})).toEqual(["sealed"]);
  expect(far.sealedCalls).toEqual(["listKeys"]);
});

test("a wallet that is paired opens the channel before it says anything but hello", async () => {
  await pair();
  await again();
  await host.request("getStatus", {});

  expect(methods()).toEqual(["hello", "openChannel", "getStatus"]);
  expect(far.sealedCalls).toEqual(["getStatus"]);
  expect(JSON.stringify(far.posted)).not.toContain("getStatus");
});

test("frames are sealed and sent in the order in which they were asked for, large ones among small ones", async () => {
  await pair();
  await again();
  far.hello = { ...ABLE, limits: { ...ABLE.limits, requestBytes: 1_000_000 } };
  const labels = Array.from({ length: 20 }, (_, at) => `${at}`.padEnd(at % 2 === 0 ? 100_000 : 1, "."));
  const answers = await Promise.all(labels.map((label) => host.request("generateKey", { alg: "BIP39", label })));

  expect(answers).toEqual(labels.map((label) => ({ echo: { alg: "BIP39", label } })));
  expect(far.heard.slice(2).map(({ params }) => params["label"])).toEqual(labels);
});

test("what is asked while the channel opens waits for it, and is sealed", async () => {
  far.answers["finishPairing"] = async ({ params }: Frame) => {
    const done = await far.responder.finish(params["message"] as string);
    far.walletKey = done.walletKey;
    return { pairingId: PAIRING_ID };
  };
  const asked: Promise<unknown>[] = [];
  far.answers["openChannel"] = async ({ params }: Frame) => {
    asked.push(host.request("listKeys", {}));
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { message: await far.responder.open(params["message"] as string, walletKey()) };
  };
  await pair();
  await Promise.all(asked);

  expect(far.sealedCalls).toEqual(["listKeys"]);
});

test("an answer in the clear to what waits for the channel is not taken, and ends the connection", async () => {
  const asked: Promise<unknown>[] = [];
  far.answers["openChannel"] = async ({ id, params }: Frame) => {
    asked.push(rejection(host.request("listKeys", {})));
    await new Promise((resolve) => setTimeout(resolve, 5));
    far.push({ jsonrpc: "2.0", id: Number(id) + 1, result: { keys: [{ address: "a thief's" }] } });
    return { message: await far.responder.open(params["message"] as string, walletKey()) };
  };
  await rejection(pair());

  expect(await Promise.all(asked)).toEqual([new ConnectionError("wrong_host")]);
  expect(host.paired).toBe(false);
});

test("the answer to a call that was made before the channel comes in the clear, and is taken", async () => {
  let release = (): void => undefined;
  far.answers["unlock"] = async () => new Promise((resolve) => {
    release = () => {
      resolve({ state: "unlocked" });
    };
  }); // prettier-ignore
  const unlocking = host.request("unlock", {});
  await until(() => methods().includes("unlock"));
  setTimeout(release, 20); // the scripted host answers in order, so the pairing waits behind it
  await pair();

  expect(await unlocking).toEqual({ state: "unlocked" });
});

test("events are sealed, too", async () => {
  await pair();
  await far.say({ jsonrpc: "2.0", method: "event", params: { type: "locked" } });
  await until(() => events.length > 0);

  expect(events).toEqual(["locked"]);
});

test("cancelling goes through the channel", async () => {
  await pair();
  far.answers["unlock"] = () => undefined;
  const controller = new AbortController();
  const call = rejection(host.request("unlock", {}, { signal: controller.signal }));
  await until(() => far.sealedCalls.includes("unlock"));
  controller.abort();
  await until(() => far.sealedCalls.includes("cancel"));
  host.close();

  expect(await call).toMatchObject({ fault: "closed" });
});

test("a request that is over the host's limit only once it is sealed is not sent", async () => {
  await pair();
  const { requestBytes } = ABLE.limits;
  const frame = JSON.stringify({ jsonrpc: "2.0", id: 99, method: "generateKey", params: { alg: "BIP39", label: "" } });
  const call = rejection(host.request("generateKey", { alg: "BIP39", label: "x".repeat(requestBytes - frame.length - 50) }));

  expect(await call).toMatchObject({ fault: "request_too_large" });
});

const TAMPERED: [string, (frame: { sealed: string }, before: { sealed: string }) => unknown[]][] = [
  ["changed", ({ sealed }) => [{ sealed: (sealed.startsWith("A") ? "B" : "A") + sealed.slice(1) }]],
  ["replayed", (_, before) => [before]],
  ["too short", () => [{ sealed: "AAAA" }]],
  ["empty", () => [{ sealed: "" }]],
  ["not base64url", ({ sealed }) => [{ sealed: `${sealed}=` }]],
  ["with another member", ({ sealed }) => [{ sealed, id: 1 }]],
  ["no sealed frame", () => [{ jsonrpc: "2.0", id: 5, result: { state: "unlocked" } }]],
  ["the host's word that the channel is over", () => [{ jsonrpc: "2.0", id: null, error: { code: -32600, message: "No.", data: { reason: "invalid_request" } } }]],
  ["a list", () => [[]]],
  ["a text", () => ["sealed"]],
];

test.each(TAMPERED)("a frame that is %s ends the connection: its result is not taken, and what is in flight fails", async (_, tamper) => {
  await pair();
  let before = { sealed: "" };
  far.onTheWay = (frame) => {
    before = frame as { sealed: string };
    return [frame];
  };
  await host.request("getStatus", {});
  const first = before;
  far.onTheWay = (frame) => tamper(frame as { sealed: string }, first);

  expect(await rejection(host.request("listKeys", {}))).toMatchObject({ fault: "channel_broken" });
  expect(losses).toEqual(["channel_broken"]);
  expect(far.closedByClient).toBe(1);
});

test.each([
  ["reordered", (frames: object[]) => frames.reverse()],
  ["left out", (frames: object[]) => frames.slice(1)],
  ["doubled", ([first = {}, ...rest]: object[]) => [first, first, ...rest]],
])("frames that are %s end the connection", async (_, disorder) => {
  await pair();
  const held: object[] = [];
  far.onTheWay = (frame) => {
    held.push(frame);
    return held.length === 3 ? disorder(held) : [];
  };
  const calls = [1, 2, 3].map((limit) => rejection(host.request("listKeys", { limit })));
  const outcomes = await Promise.all(calls);

  expect(outcomes.at(-1)).toMatchObject({ fault: "channel_broken" });
  expect(losses).toEqual(["channel_broken"]);
});

test("after a broken channel the next request opens a new one, and never goes without", async () => {
  await pair();
  far.onTheWay = () => [{ sealed: "AAAA" }];
  await rejection(host.request("listKeys", {}));
  far.onTheWay = (frame) => [frame];
  far.heard.length = far.sealedCalls.length = 0;
  await host.request("listKeys", {});

  expect(methods()).toEqual(["hello", "openChannel", "listKeys"]);
  expect(far.sealedCalls).toEqual(["listKeys"]);
});

test.each([
  ["has another key, and does all else as the host does", async () => {
    const { responder } = await PairedHost.of();
    far.answers["openChannel"] = async ({ params }: Frame) => ({ message: await responder.open(params["message"] as string, walletKey(), true) });
  }],
  ["says again what the host said to an earlier channel", async () => {
    const earlier = await stale();
    far.answers["openChannel"] = () => ({ message: earlier });
  }],
  ["answers with nothing", () => { far.answers["openChannel"] = () => ({}); }],
  ["answers with rubbish", () => { far.answers["openChannel"] = () => ({ message: "AAAA" }); }],
  ["answers with no base64url", () => { far.answers["openChannel"] = () => ({ message: "!" }); }],
  ["answers with a number", () => { far.answers["openChannel"] = () => 1; }],
  ["does not know of channels", () => { far.hello = { ...ABLE, methods: ["hello", "getStatus", "listKeys"] }; }],
  ["refuses the method", () => { far.answers["openChannel"] = () => refusal("method_not_found", -32601); }],
  ["refuses the call", () => { far.answers["openChannel"] = () => refusal("invalid_params", -32602); }],
] as const)("a host that %s is not the one of the pairing: nothing is said to it", async (_, deceive) => {
  await pair();
  await again();
  await deceive();
  const error = await rejection(host.request("listKeys", {}));

  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({ fault: "wrong_host" });
  expect(methods()).not.toContain("listKeys");
  expect(host.paired).toBe(false);
  expect(pairings.kept).toBeDefined();
});

test("a host that does not know the pairing is told as that, and nothing is said to it", async () => {
  await pair();
  await again();
  far.walletKey = undefined;

  expect(await rejection(host.request("listKeys", {}))).toMatchObject({ fault: "pairing_unknown" });
  expect(methods()).toEqual(["hello", "openChannel"]);
});

test("a pairing that is ended while the channel is open ends the connection", async () => {
  await pair();
  far.answers["listKeys"] = () => refusal("not_paired", 4100);

  expect(await rejection(host.request("listKeys", {}))).toMatchObject({ fault: "pairing_unknown" });
  expect(losses).toEqual(["pairing_unknown"]);
});

test("a host that does not answer the handshake is silent, and nothing else is said to it", async () => {
  await pair();
  await again();
  far.answers["openChannel"] = () => undefined;
  const call = rejection(host.request("listKeys", {}));
  await until(() => methods().includes("openChannel"));
  host.close();

  expect(await call).toMatchObject({ fault: "closed" });
  expect(methods()).toEqual(["hello", "openChannel"]);
});

test("what is kept and cannot be read is not the same as nothing: no host is even started", async () => {
  pairings.fails = true;

  expect(await rejection(host.connect())).toMatchObject({ fault: "pairing_unreadable" });
  expect(far.opened).toBe(0);
});

test("somebody between who pairs with keys of their own has another code on either side", async () => {
  const real = await PairedHost.of();
  // Between the two: answers the wallet itself, and plays the wallet to the real host.
  const between = new Host({ client, channel: real.channel, pairings: new MemoryStore() });
  const seen: string[] = [];
  await Promise.all([pair(), between.pair({ onCode: (code) => seen.push(code) })]);

  expect(real.codes).toEqual(seen);
  expect(codes).not.toEqual(real.codes);
});

test("a person who refuses at the host has paired nothing", async () => {
  far.answers["finishPairing"] = () => refusal("user_rejected", 4001);

  expect(await rejection(host.pair({ onCode }))).toMatchObject({ name: "HostError", reason: "user_rejected" });
  expect(pairings.kept).toBeUndefined();
  expect(host.paired).toBe(false);
  expect(codes).toHaveLength(1);
});

test.each([
  ["no message", {}],
  ["an empty message", { message: "" }],
  ["a message of low order", { message: "A".repeat(171) }],
  ["a message that says less", { message: "AAAA" }],
])("an answer to a pairing that is %s shows no code", async (_, answer) => {
  far.answers["beginPairing"] = () => answer;

  expect(await rejection(host.pair({ onCode }))).toMatchObject({ fault: "pairing_failed" });
  expect(codes).toEqual([]);
});

test("a nonce of another length is none", async () => {
  far.answers["beginPairing"] = async ({ params }: Frame) => ({ message: await far.responder.begin(params["message"] as string, new Uint8Array(31)) });

  expect(await rejection(host.pair({ onCode }))).toMatchObject({ fault: "pairing_failed" });
});

test("a host that cannot pair is too old for it, and still of use", async () => {
  far.hello = { ...ABLE, methods: ["hello", "getStatus"] };

  expect(await rejection(host.pair({ onCode }))).toMatchObject({ fault: "host_too_old" });
  expect(await host.request("getStatus", {})).toEqual({ echo: {} });
});

test("whoever is paired does not pair once more over it", async () => {
  await pair();

  await expect(host.pair({ onCode })).rejects.toThrow(TypeError);
});

test("forgetting ends the connection, and the next one is not sealed", async () => {
  await pair();
  await host.forgetPairing();
  far.heard.length = 0;
  await host.request("getStatus", {});

  expect(losses).toEqual(["closed"]);
  expect(methods()).toEqual(["hello", "getStatus"]);
  expect(host.paired).toBe(false);
});

test.each([undefined, null, {}, { pairingId: 1 }])("%j is no pairing", (kept) => {
  expect(() => readPairing(kept)).toThrow(TypeError);
});

test("a pairing is read whole or not at all", async () => {
  await pair();
  const { kept } = pairings;

  expect(readPairing(kept)).toEqual(kept);
  for (const change of [{ pairingId: undefined }, { hostKey: new Uint8Array(31) }, { hostKey: "AA" }, { own: undefined }, { own: { ...kept?.own, privateKey: {} } }, { own: { ...kept?.own, publicKey: new Uint8Array(33) } }])
    expect(() => readPairing({ ...kept, ...change }), JSON.stringify(change)).toThrow(TypeError);
});
