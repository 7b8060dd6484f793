import { expect, test } from "vitest";

import type { Snapshot } from "../src/messages.js";
import { viewOf, visible, type Draft, type Screen } from "../src/popup/view.js";
import { BITCOIN, ETHEREUM, key, SEED, SOLANA } from "./station.js";

const self = { origin: "chrome-extension://abc/", development: true };
const OPEN: Snapshot = { connection: "ready", hostVersion: "0.1.0", unattended: false, state: "unlocked", keys: [] };

function screen(members: Partial<Snapshot>, draft?: { keyId: string; text: string }): Screen {
  return viewOf({ ...OPEN, ...members }, draft, self).screen;
}

function kinds(groups: Screen): string[] {
  return groups.kind === "accounts" ? groups.groups.flatMap(({ accounts }) => accounts.map(({ chain, address }) => `${chain} ${address}`)) : [groups.kind];
}

test("before anything is known it connects", () => {
  expect(viewOf(undefined, undefined, self).screen).toEqual({ kind: "connecting" });
});

test.each([
  ["uninitialized", "setup", "Not set up"],
  ["locked", "locked", "Locked"],
  ["unlocked", "empty", "Unlocked"],
] as const)("a keystore that is %s without keys shows %s", (state, kind, chip) => {
  const view = viewOf({ ...OPEN, state }, undefined, self);

  expect(view.screen.kind).toBe(kind);
  expect(view.chip).toBe(chip);
  expect(view.canLock).toBe(state === "unlocked");
});

test("a seed that waits for its backup asks for that first", () => {
  expect(screen({ keys: [{ ...SEED, state: "unconfirmed" }] })).toEqual({ kind: "backup", keyId: "seed" });
});

test("a destroyed seed is no wallet", () => {
  expect(screen({ keys: [{ ...SEED, state: "destroyed" }] })).toEqual({ kind: "empty" });
});

test("accounts are shown with their whole addresses, whichever sign hardens their path", () => {
  expect(kinds(screen({ keys: [SEED, ETHEREUM, BITCOIN, SOLANA] }))).toEqual([
    "Ethereum 0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    "Bitcoin bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
    "Solana HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk",
  ]);
});

test("one seed needs no heading, several have theirs, the oldest first", () => {
  const second = { ...SEED, keyId: "later", label: "Savings", createdAt: "2026-02-01T00:00:00Z" };
  const saved = { ...ETHEREUM, keyId: "eth2", derivedFrom: { keyId: "later", path: "m/44'/60'/0'/0/0" } };
  const one = screen({ keys: [SEED, ETHEREUM] });
  const two = screen({ keys: [second, saved, SEED, ETHEREUM] });

  expect(one).toMatchObject({ groups: [{ accounts: [{ keyId: "eth" }] }] });
  expect(one.kind === "accounts" && one.groups[0]).not.toHaveProperty("title");
  expect(two).toMatchObject({ groups: [{ title: "Wallet" }, { title: "Savings" }] });
});

test("a seed that lacks an account offers to add it", () => {
  expect(screen({ keys: [SEED, ETHEREUM, BITCOIN] })).toMatchObject({ incomplete: "seed" });
  expect(screen({ keys: [SEED, ETHEREUM, BITCOIN, SOLANA] })).not.toHaveProperty("incomplete");
});

test("a second wallet that waits for its backup does not hide the first", () => {
  const waiting = { ...SEED, keyId: "new", state: "unconfirmed" as const, createdAt: "2027-01-01T00:00:00Z" };

  expect(screen({ keys: [SEED, ETHEREUM, BITCOIN, SOLANA, waiting] })).toMatchObject({ kind: "accounts", unconfirmed: "new" });
});

test("keys that are no accounts are named apart", () => {
  expect(screen({ keys: [SEED, key({ keyId: "x", alg: "ES256", label: "Login" })] })).toMatchObject({ others: ["Login · ES256 · active"] });
});

test("a key without the message usage, or disabled, does not offer signing", () => {
  const found = screen({ keys: [SEED, { ...ETHEREUM, usages: ["transaction"] }, { ...BITCOIN, state: "disabled" }, SOLANA] });

  expect(found.kind === "accounts" && found.groups[0]?.accounts.map(({ canSign }) => canSign)).toEqual([false, false, true]);
});

test("writing a message stays with its account, and ends when the account is gone", () => {
  const draft = { keyId: "eth", text: "hello" };

  expect(screen({ keys: [SEED, ETHEREUM] }, draft)).toMatchObject({ kind: "compose", account: { chain: "Ethereum" }, text: "hello" });
  expect(screen({ keys: [SEED, BITCOIN] }, draft).kind).toBe("accounts");
});

test("a signing that waits says where to look, and shows what was asked", () => {
  const waiting = screen({ keys: [SEED, ETHEREUM], task: { action: { name: "signMessage", keyId: "eth", text: "hello" }, cancelling: false } });

  expect(waiting).toMatchObject({ kind: "waiting", title: "Waiting for your approval in the Strongroom window", quote: "hello", cancelling: false });
});

test("set-up and unlocking wait with words of their own", () => {
  const task = { action: { name: "unlock" }, cancelling: false } as const;

  expect(screen({ state: "uninitialized", task })).toMatchObject({ title: "Choose a passphrase in the Strongroom window" });
  expect(screen({ state: "locked", task })).toMatchObject({ title: "Unlock in the Strongroom window" });
});

test("while something waits there is no lock button and no old complaint", () => {
  const notice = { kind: "problem", action: { name: "unlock" }, problem: { from: "extension" } } as const;
  const view = viewOf({ ...OPEN, notice, task: { action: { name: "createWallet" }, cancelling: false } }, undefined, self);

  expect(view.canLock).toBe(false);
  expect(view.alert).toBeUndefined();
});

test("a signature is shown in the text form of its chain", () => {
  const notice = { kind: "signed", keyId: "eth", format: "eip191", address: "0xA", text: "hello", signature: "AQID" } as const;

  expect(screen({ keys: [SEED, ETHEREUM], notice })).toMatchObject({ kind: "signed", signature: "0x010203", encoding: "Hex (ERC-191)", account: { keyId: "eth" } });
});

test("a refusal stands above the message it was about", () => {
  const action = { name: "signMessage", keyId: "eth", text: "hello" } as const;
  const problem = { from: "host", reason: "user_rejected", message: "No." } as const;
  const view = viewOf({ ...OPEN, keys: [SEED, ETHEREUM], notice: { kind: "problem", action, problem } }, action, self);

  expect(view.alert?.title).toBe("Not approved");
  expect(view.screen.kind).toBe("compose");
});

test.each(["offered", "unsupported"] as const)("that pairing is %s stands over the wallet, and not over what is being done", (pairing) => {
  const offers = (members: Partial<Snapshot>, draft?: Draft): boolean => viewOf({ ...OPEN, pairing, ...members }, draft, self).offer === pairing;

  expect([offers({}), offers({ keys: [SEED] }), offers({ keys: [{ ...SEED, state: "unconfirmed" }] })]).toEqual([true, true, true]);
  expect(offers({ keys: [SEED, ETHEREUM] }, { keyId: "eth", text: "" })).toBe(false);
  expect(offers({ state: "locked" })).toBe(false);
  expect(offers({ task: { action: { name: "pair" }, cancelling: false, code: "1234 5678" } })).toBe(false);
});

test.each(["paired", undefined] as const)("nothing is offered when pairing is %s", (pairing) => {
  const view = viewOf({ ...OPEN, ...(pairing && { pairing }) }, undefined, self);

  expect(view.offer).toBeUndefined();
  expect(view.paired).toBe(pairing === "paired");
});

test("who has to pair is asked to, once the keystore is open", () => {
  expect(screen({ pairing: "required" })).toEqual({ kind: "pair" });
  expect(screen({ pairing: "required", state: "locked" })).toEqual({ kind: "locked" });
});

test("the code is shown while it is compared, and what was confirmed afterwards", () => {
  const code = "0012 3456";

  expect(screen({ task: { action: { name: "pair" }, cancelling: false } })).toMatchObject({ kind: "waiting", title: "One moment" });
  expect(screen({ task: { action: { name: "pair" }, cancelling: false, code } })).toMatchObject({ kind: "waiting", code });
  expect(screen({ pairing: "paired", notice: { kind: "paired", code } })).toEqual({ kind: "paired", code });
});

test("forgetting is asked about, whatever else there is to show", () => {
  const failed: Snapshot = { connection: "failed", problem: { from: "connection", fault: "wrong_host" }, unattended: false, keys: [], pairing: "paired" };

  expect(viewOf(failed, undefined, self)).toMatchObject({ paired: false, chip: "Not connected", screen: { kind: "help", help: { danger: true, forget: true } } });
  expect(viewOf(failed, "forget", self).screen).toEqual({ kind: "forget" });
});

test("a failure to connect is told once, even if it ended an action", () => {
  const problem = { from: "connection", fault: "host_exited" } as const;
  const view = viewOf({ connection: "failed", problem, unattended: false, keys: [], notice: { kind: "problem", action: { name: "unlock" }, problem } }, undefined, self);

  expect(view.screen).toMatchObject({ kind: "help", help: { title: "Strongroom has stopped" } });
  expect(view.alert).toBeUndefined();
  expect(view.chip).toBe("Not connected");
});

test("a host that ended during a signing leaves open whether it signed", () => {
  const problem = { from: "connection", fault: "host_exited" } as const;
  const action = { name: "signMessage", keyId: "eth", text: "a" } as const;
  const view = viewOf({ connection: "failed", problem, unattended: false, keys: [], notice: { kind: "problem", action, problem } }, undefined, self);

  expect(view.alert?.text).toContain("not known whether the message was signed");
});

test("an unattended keystore is flagged on every screen", () => {
  for (const state of ["uninitialized", "locked", "unlocked"] as const) expect(viewOf({ ...OPEN, state, unattended: true }, undefined, self).unattended).toBe(true);
});

test("control and direction characters of foreign text are spelled out", () => {
  expect(visible("a\u202Eb\u0000c\u2028d\te\n")).toBe("a⟨U+202E⟩b⟨U+0000⟩c⟨U+2028⟩d\te\n");
  expect(screen({ keys: [SEED, { ...ETHEREUM, label: "x\u202Ey\nz" }] })).toMatchObject({ groups: [{ accounts: [{ label: "x⟨U+202E⟩y z" }] }] });
});
