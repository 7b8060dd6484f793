// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";

import type { Snapshot } from "../src/messages.js";
import { announcement, draw, type Commands } from "../src/popup/screens.js";
import { viewOf, type View } from "../src/popup/view.js";
import { ETHEREUM, SEED } from "./station.js";

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
const OPEN: Snapshot = { connection: "ready", hostVersion: HOSTILE, unattended: false, state: "unlocked", keys: [] };
const self = { origin: "chrome-extension://abc/", development: true };

let commands: { [K in keyof Commands]: ReturnType<typeof vi.fn<Commands[K]>> };

beforeEach(() => {
  commands = { act: vi.fn(), copy: vi.fn(), compose: vi.fn(), write: vi.fn(), leave: vi.fn(), pair: vi.fn(), askToForget: vi.fn() };
});

function view(members: Partial<Snapshot>, draft?: { keyId: string; text: string }): View {
  return viewOf({ ...OPEN, ...members }, draft, self);
}

function show(members: Partial<Snapshot>, draft?: { keyId: string; text: string }): HTMLElement {
  const main = document.createElement("main");
  main.append(...draw(view(members, draft), commands));
  return main;
}

function press(main: HTMLElement, text: string): void {
  const found = [...main.querySelectorAll("button")].find((one) => one.textContent === text);
  if (found === undefined) throw new Error(`no button ${text}`);
  found.click();
}

const hostile = { ...ETHEREUM, label: HOSTILE, address: HOSTILE };

test.each([
  ["labels and addresses", { keys: [{ ...SEED, label: HOSTILE }, hostile] }],
  ["a message that waits", { keys: [], task: { action: { name: "signMessage", keyId: "eth", text: HOSTILE }, cancelling: false } }],
  ["a signed message", { keys: [], notice: { kind: "signed", keyId: "x", format: "other", address: HOSTILE, text: HOSTILE, signature: "AAAA" } }],
  ["a refusal's words", { keys: [], notice: { kind: "problem", action: { name: "unlock" }, problem: { from: "host", reason: "unknown", message: HOSTILE } } }],
  ["a refusal's detail", { keys: [], notice: { kind: "problem", action: { name: "unlock" }, problem: { from: "host", reason: "unsupported", message: "", detail: HOSTILE } } }],
] as const)("%s are text, never markup", (_, members) => {
  const main = show(members);

  expect(main.textContent).toContain(HOSTILE);
  expect(main.querySelectorAll("script, img:not(.hero)")).toHaveLength(0);
});

test("a message being written is the field's value", () => {
  const main = show({ keys: [SEED, hostile] }, { keyId: "eth", text: HOSTILE });

  expect(main.querySelector("textarea")?.value).toBe(HOSTILE);
  expect(main.querySelectorAll("script, img")).toHaveLength(0);
});

test.each([
  ["uninitialized", "Set up", { name: "unlock" }],
  ["locked", "Unlock", { name: "unlock" }],
  ["unlocked", "Create a new wallet", { name: "createWallet" }],
  ["unlocked", "Restore from recovery words", { name: "restoreWallet" }],
] as const)("when %s, %s asks for it", (state, text, action) => {
  press(show({ state }), text);

  expect(commands.act.mock.calls).toEqual([[action]]);
});

test("no screen has a field for anything but the message", () => {
  const screens = [show({ state: "uninitialized" }), show({ state: "locked" }), show({}), show({ keys: [{ ...SEED, state: "unconfirmed" }] }), show({ keys: [SEED, ETHEREUM] })];

  for (const main of screens) expect(main.querySelectorAll("input, textarea, [contenteditable]")).toHaveLength(0);
});

test("a backup that is due asks to confirm that seed", () => {
  press(show({ keys: [{ ...SEED, state: "unconfirmed" }] }), "Back up now");

  expect(commands.act.mock.calls).toEqual([[{ name: "confirmBackup", keyId: "seed" }]]);
});

test("signing sends what stands in the field", () => {
  const main = show({ keys: [SEED, ETHEREUM] }, { keyId: "eth", text: "" });
  const field = main.querySelector("textarea");
  if (field === null) throw new Error("no field");
  field.value = "hello";
  field.dispatchEvent(new Event("input"));
  press(main, "Sign");

  expect(commands.write.mock.calls).toEqual([["hello"]]);
  expect(commands.act.mock.calls).toEqual([[{ name: "signMessage", keyId: "eth", text: "hello" }]]);
});

test("an empty message cannot be signed", () => {
  press(show({ keys: [SEED, ETHEREUM] }, { keyId: "eth", text: "" }), "Sign");

  expect(commands.act.mock.calls).toEqual([]);
});

test("an address is copied whole", () => {
  press(show({ keys: [SEED, ETHEREUM] }), "Copy");

  expect(commands.copy.mock.calls.map(([text]) => text)).toEqual([ETHEREUM.address]);
});

test("a waiting action can be cancelled once", () => {
  const action = { name: "signMessage", keyId: "eth", text: "a" } as const;
  press(show({ task: { action, cancelling: false } }), "Cancel");
  press(show({ task: { action, cancelling: true } }), "Cancelling…");

  expect(commands.act.mock.calls).toEqual([[{ name: "cancel" }]]);
});

test("the code stands there in two groups, and is told digit by digit", () => {
  const task = { action: { name: "pair" }, cancelling: false, code: "1234 5678" } as const;
  const code = show({ task }).querySelector(".code");

  expect([...(code?.children ?? [])].map(({ textContent }) => textContent)).toEqual(["1234", "5678"]);
  expect(code?.getAttribute("aria-label")).toBe("1 2 3 4 5 6 7 8");
  expect(announcement(view({ task }))).toBe("Compare this with the code in Strongroom’s own window. 1 2 3 4 5 6 7 8. If they differ, refuse there. If they are the same, confirm there.");
});

test("pairing is offered above the wallet, and asked of who must", () => {
  press(show({ pairing: "offered", keys: [SEED, ETHEREUM] }), "Pair");
  press(show({ pairing: "required" }), "Pair");

  expect(commands.pair).toHaveBeenCalledTimes(2);
});

test("a browser that is too old is told so, and shows its accounts", () => {
  const main = show({ pairing: "unsupported", keys: [SEED, ETHEREUM] });

  expect(main.textContent).toContain("needs Chromium 133, Firefox 130, or newer");
  expect(main.querySelectorAll("li.card")).toHaveLength(1);
});

test("a host that is another is an alarm, and forgetting the pairing asks first", () => {
  const main = show({ connection: "failed", problem: { from: "connection", fault: "wrong_host" } });
  expect(main.querySelector(".danger[role=alert] h1")?.textContent).toBe("This is not the Strongroom you paired with");

  press(main, "Forget pairing");

  expect(commands.askToForget).toHaveBeenCalledOnce();
  expect(commands.act).not.toHaveBeenCalled();
});

test("the pairing is forgotten only by who says so once more", () => {
  const asking = (): HTMLElement => {
    const main = document.createElement("main");
    main.append(...draw(viewOf(OPEN, "forget", self), commands));
    return main;
  };
  press(asking(), "Keep it");
  expect(commands.act).not.toHaveBeenCalled();

  press(asking(), "Forget pairing");

  expect(commands.act.mock.calls).toEqual([[{ name: "forgetPairing" }]]);
  expect(commands.leave).toHaveBeenCalledTimes(2);
});

test("an unattended keystore says who answers", () => {
  expect(show({ unattended: true }).textContent).toContain("Approvals are answered by a program, not by you.");
  expect(show({ unattended: false }).textContent).not.toContain("Approvals are answered by a program");
});

test("every button has a name for a screen reader", () => {
  const main = show({ keys: [SEED, ETHEREUM] });
  const names = [...main.querySelectorAll("button")].map((one) => one.getAttribute("aria-label") ?? one.textContent);

  expect(names).toEqual(["Add accounts", "Copy the Ethereum address", "Sign a message with Ethereum"]);
});

test("waiting and problems are announced", () => {
  const task = { action: { name: "unlock" }, cancelling: false } as const;
  const problem = { from: "connection", fault: "host_missing" } as const;

  expect(announcement(view({ state: "locked", task }))).toMatch(/^Unlock in the Strongroom window\./);
  expect(announcement(view({ connection: "failed", problem }))).toMatch(/^Strongroom is not installed yet\./);
  expect(announcement(view({}))).toBe("");
});
