import { beforeEach, expect, test, vi } from "vitest";

import { ConnectionError, decodeBase64Url, Host, type KeyInfo } from "../src/client/index.js";
import { parseAction, type Snapshot } from "../src/messages.js";
import { Wallet } from "../src/wallet.js";
import { MemoryStore, PairedHost, refusal } from "./paired.js";
import { BITCOIN, ETHEREUM, HELLO, key, SEED, SOLANA, Station } from "./station.js";

let station: Station;
let wallet: Wallet;
let snapshots: Snapshot[];

beforeEach(() => {
  station = new Station();
  snapshots = [];
  const host = new Host({ client: { name: "test", version: "1" }, channel: station.channel, onClosed: (error) => { wallet.lose(error); } }); // prettier-ignore
  wallet = new Wallet(host, (snapshot) => snapshots.push(snapshot));
});

async function status(state: string, keys?: readonly KeyInfo[]): Promise<void> {
  await station.answer("getStatus", { state, idleLockSeconds: 300, slots: [] });
  if (keys !== undefined) await station.answer("listKeys", { keys });
}

async function ready(state: string, keys?: readonly KeyInfo[]): Promise<void> {
  const done = wallet.act({ name: "refresh" });
  await station.answer("hello", HELLO);
  await status(state, keys);
  await done;
}

test("a refresh tells state and host version, and lists no keys while locked", async () => {
  await ready("locked");

  expect(wallet.snapshot).toEqual({ connection: "ready", hostVersion: "0.1.0", unattended: false, state: "locked", keys: [] });
});

test("keys are listed over all pages", async () => {
  const done = wallet.act({ name: "refresh" });
  await station.answer("hello", HELLO);
  await station.answer("getStatus", { state: "unlocked", idleLockSeconds: 300, slots: [], unattended: true });
  await station.answer("listKeys", { keys: [SEED], nextCursor: "c1" });
  const second = await station.answer("listKeys", { keys: [ETHEREUM] });
  await done;

  expect(second.params).toEqual({ limit: 100, cursor: "c1" });
  expect(wallet.snapshot).toMatchObject({ keys: [SEED, ETHEREUM], unattended: true });
});

test("a keystore that is locked between two questions is shown as locked", async () => {
  const done = wallet.act({ name: "refresh" });
  await station.answer("hello", HELLO);
  await status("unlocked");
  await station.refuse("listKeys", 5001, { reason: "locked" });
  await done;

  expect(wallet.snapshot).toMatchObject({ connection: "ready", state: "locked", keys: [] });
});

test("a new wallet is a seed and then its three accounts", async () => {
  await ready("unlocked", []);
  const done = wallet.act({ name: "createWallet" });
  const made = await station.answer("generateKey", SEED);
  const derived = [await station.answer("deriveKey", ETHEREUM), await station.answer("deriveKey", BITCOIN), await station.answer("deriveKey", SOLANA)];
  await status("unlocked", [SEED, ETHEREUM, BITCOIN, SOLANA]);
  await done;

  expect(made.params).toEqual({ alg: "BIP39", label: "Wallet" });
  expect(derived.map(({ params }) => params)).toEqual([
    { keyId: "seed", path: "m/44'/60'/0'/0/0", alg: "ES256K", label: "Ethereum" },
    { keyId: "seed", path: "m/84'/0'/0'/0/0", alg: "ES256K", label: "Bitcoin" },
    { keyId: "seed", path: "m/44'/501'/0'/0'", alg: "Ed25519", label: "Solana" },
  ]);
  expect(wallet.snapshot.keys).toHaveLength(4);
  expect(wallet.snapshot.task).toBeUndefined();
});

test("a seed whose words were not confirmed derives nothing yet", async () => {
  await ready("unlocked", []);
  const waiting = { ...SEED, state: "unconfirmed" as const };
  const done = wallet.act({ name: "createWallet" });
  await station.answer("generateKey", waiting);
  await status("unlocked", [waiting]);
  await done;

  expect(station.sent).toEqual([]);
  expect(wallet.snapshot.keys).toEqual([waiting]);
});

test("confirming the backup makes the seed active and adds the accounts that it lacks", async () => {
  await ready("unlocked", [{ ...SEED, state: "unconfirmed" }]);
  const done = wallet.act({ name: "confirmBackup", keyId: "seed" });
  const confirmed = await station.answer("updateKey", SEED);
  await station.answer("listKeys", { keys: [SEED, ETHEREUM, BITCOIN] });
  const derived = await station.answer("deriveKey", SOLANA);
  await status("unlocked", [SEED, ETHEREUM, BITCOIN, SOLANA]);
  await done;

  expect(confirmed.params).toEqual({ keyId: "seed", state: "active" });
  expect(derived.params["path"]).toBe("m/44'/501'/0'/0'");
});

test("an account that is there already does not stop the others", async () => {
  await ready("unlocked", []);
  const done = wallet.act({ name: "restoreWallet" });
  await station.answer("restoreSeed", SEED);
  await station.refuse("deriveKey", 5011, { reason: "duplicate" });
  await station.answer("deriveKey", BITCOIN);
  await station.answer("deriveKey", SOLANA);
  await status("unlocked", [SEED, BITCOIN, SOLANA]);
  await done;

  expect(wallet.snapshot.notice).toBeUndefined();
});

test.each([
  ["Ethereum", ETHEREUM, "eip191"],
  ["Bitcoin", BITCOIN, "bip322"],
  ["Solana", SOLANA, "solana"],
])("%s signs in its own format the bytes that were typed", async (_, account, format) => {
  await ready("unlocked", [SEED, account]);
  const done = wallet.act({ name: "signMessage", keyId: account.keyId, text: "grüße" });
  const frame = await station.answer("signMessage", { signature: "AAEC", address: account.address });
  await status("unlocked", [SEED, account]);
  await done;

  expect(frame.params).toMatchObject({ keyId: account.keyId, format });
  expect(new TextDecoder().decode(decodeBase64Url(frame.params["message"] as string))).toBe("grüße");
  expect(wallet.snapshot.notice).toEqual({ kind: "signed", keyId: account.keyId, format, address: account.address, text: "grüße", signature: "AAEC" });
});

test("a task is told while it waits, and a second one is not begun", async () => {
  await ready("unlocked", [SEED, ETHEREUM]);
  const first = wallet.act({ name: "signMessage", keyId: "eth", text: "a" });
  await station.frame("signMessage");
  await wallet.act({ name: "signMessage", keyId: "eth", text: "b" });

  expect(wallet.snapshot.task).toEqual({ action: { name: "signMessage", keyId: "eth", text: "a" }, cancelling: false });
  expect(station.sent).toHaveLength(1);
  await station.answer("signMessage", { signature: "AA", address: "0x" });
  await status("unlocked", []);
  await first;
});

test("cancelling asks the host, and leaves no complaint", async () => {
  await ready("locked");
  const done = wallet.act({ name: "unlock" });
  await station.frame("unlock");
  await wallet.act({ name: "cancel" });

  expect(wallet.snapshot.task?.cancelling).toBe(true);
  expect((await station.frame("cancel")).method).toBe("cancel");
  await station.refuse("unlock", 5006, { reason: "cancelled" });
  await status("locked");
  await done;
  expect(wallet.snapshot.notice).toBeUndefined();
  expect(wallet.snapshot.task).toBeUndefined();
});

test("a refusal is kept until it is dismissed, with what was asked", async () => {
  await ready("unlocked", [SEED, ETHEREUM]);
  const action = { name: "signMessage", keyId: "eth", text: "a" } as const;
  const done = wallet.act(action);
  await station.refuse("signMessage", 4001, { reason: "user_rejected" });
  await status("unlocked", [SEED, ETHEREUM]);
  await done;

  expect(wallet.snapshot.notice).toEqual({ kind: "problem", action, problem: { from: "host", reason: "user_rejected", message: "No." } });
  await wallet.act({ name: "dismiss" });
  expect(wallet.snapshot.notice).toBeUndefined();
});

test("a host that ends during a task is not started again by itself", async () => {
  await ready("unlocked", [SEED, ETHEREUM]);
  const done = wallet.act({ name: "signMessage", keyId: "eth", text: "a" });
  await station.frame("signMessage");
  station.end("Native host has exited.");
  await done;

  expect(wallet.snapshot).toMatchObject({ connection: "failed", keys: [], problem: { from: "connection", fault: "host_exited" }, notice: { kind: "problem" } });
  expect(station.opened).toBe(1);
});

test("the lock event empties the list at once", async () => {
  await ready("unlocked", [SEED, ETHEREUM]);
  await wallet.hear("locked");

  expect(wallet.snapshot).toMatchObject({ state: "locked", keys: [] });
});

test.each(["unlocked", "keysChanged"] as const)("the event %s reads anew", async (event) => {
  await ready("locked");
  const done = wallet.hear(event);
  await status("unlocked", [SEED]);
  await done;

  expect(wallet.snapshot).toMatchObject({ state: "unlocked", keys: [SEED] });
});

test("a host that is missing is told as that", async () => {
  const done = wallet.act({ name: "refresh" });
  await station.frame("hello");
  station.end("Specified native messaging host not found.");
  await done;

  expect(wallet.snapshot).toMatchObject({ connection: "failed", problem: { from: "connection", fault: "host_missing" } });
});

test("signing with a key that is no account asks the host nothing", async () => {
  const raw = key({ keyId: "raw" });
  await ready("unlocked", [raw]);
  const done = wallet.act({ name: "signMessage", keyId: "raw", text: "a" });
  await status("unlocked", [raw]);
  await done;

  expect(wallet.snapshot.notice).toMatchObject({ problem: { from: "extension" } });
});

/** A wallet whose host answers by itself, and can pair. */
async function pairable(): Promise<{ far: PairedHost; pairings: MemoryStore; wallet: Wallet }> {
  const [far, pairings] = [await PairedHost.of(), new MemoryStore()];
  far.answers["getStatus"] = () => ({ state: "unlocked", idleLockSeconds: 300, slots: [] });
  far.answers["listKeys"] = () => ({ keys: [SEED] });
  const host = new Host({ client: { name: "test", version: "1" }, channel: far.channel, pairings, onClosed: (error) => { wallet.lose(error); } }); // prettier-ignore
  const wallet = new Wallet(host, (snapshot) => snapshots.push(snapshot));
  return { far, pairings, wallet };
}

test("pairing is offered, the code told while it is compared, and how it ended kept until it is dismissed", async () => {
  const { far, wallet: own } = await pairable();
  await own.act({ name: "refresh" });
  expect(own.snapshot).toMatchObject({ connection: "ready", pairing: "offered", keys: [SEED] });

  await own.act({ name: "pair" });

  expect(snapshots.map(({ task }) => task?.code).filter((code) => code !== undefined)).toContain(far.codes[0]);
  expect(own.snapshot).toMatchObject({ pairing: "paired", notice: { kind: "paired", code: far.codes[0] }, keys: [SEED] });
  expect(own.snapshot.task).toBeUndefined();
});

test("a refused pairing is told, and the wallet goes on without", async () => {
  const { far, wallet: own } = await pairable();
  await own.act({ name: "refresh" });
  far.answers["finishPairing"] = () => refusal("user_rejected", 4001);
  await own.act({ name: "pair" });

  expect(own.snapshot).toMatchObject({ pairing: "offered", keys: [SEED], notice: { kind: "problem", action: { name: "pair" }, problem: { reason: "user_rejected" } } });
});

test("a host that shows its keys only to the paired is told as that", async () => {
  const { far, wallet: own } = await pairable();
  far.answers["listKeys"] = () => refusal("not_paired", 4100);
  await own.act({ name: "refresh" });

  expect(own.snapshot).toMatchObject({ connection: "ready", state: "unlocked", pairing: "required", keys: [] });
});

test("a host that is not the paired one is a failure that stays, until the pairing is forgotten", async () => {
  const { far, pairings, wallet: own } = await pairable();
  await own.act({ name: "refresh" });
  await own.act({ name: "pair" });
  far.answers["openChannel"] = () => ({ message: "AAAA" });
  own.lose(new ConnectionError("host_exited"));
  const restarted = new Wallet(new Host({ client: { name: "test", version: "1" }, channel: far.channel, pairings }), () => undefined);
  await restarted.act({ name: "refresh" });
  expect(restarted.snapshot).toMatchObject({ connection: "failed", keys: [], problem: { fault: "wrong_host" } });
  await restarted.act({ name: "refresh" });
  expect(restarted.snapshot).toMatchObject({ connection: "failed", problem: { fault: "wrong_host" } });

  await restarted.act({ name: "forgetPairing" });

  expect(pairings.kept).toBeUndefined();
  expect(restarted.snapshot).toMatchObject({ connection: "ready", pairing: "offered" });
});

test("a pairing that the person ends at the host is a failure that says so", async () => {
  const { far, wallet: own } = await pairable();
  await own.act({ name: "refresh" });
  await own.act({ name: "pair" });
  far.answers["listKeys"] = () => refusal("not_paired", 4100);
  await own.act({ name: "refresh" });

  expect(own.snapshot).toMatchObject({ connection: "failed", keys: [], problem: { from: "connection", fault: "pairing_unknown" } });
});

test("a browser without X25519 is told that it cannot pair, and the wallet works", async () => {
  const { wallet: own } = await pairable();
  vi.spyOn(crypto.subtle, "generateKey").mockRejectedValue(new DOMException("", "NotSupportedError"));
  await own.act({ name: "refresh" });
  expect(own.snapshot).toMatchObject({ connection: "ready", pairing: "unsupported", keys: [SEED] });

  await own.act({ name: "pair" });
  vi.restoreAllMocks();

  expect(own.snapshot).toMatchObject({ keys: [SEED], notice: { problem: { fault: "browser_too_old" } } });
});

test.each([undefined, null, 1, "lock", {}, { name: "sign" }, { name: "signMessage", keyId: "k" }, { name: "signMessage", keyId: 1, text: "" }, { name: "confirmBackup" }, { name: ["lock"] }])(
  "%j is no action",
  (message) => {
    expect(parseAction(message)).toBeUndefined();
  },
);

test("an action is read without what does not belong to it", () => {
  expect(parseAction({ name: "lock", keyId: "k", method: "destroyKey" })).toEqual({ name: "lock" });
});
