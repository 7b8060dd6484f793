// From what the background knows to what the popup shows: a pure function, so that every screen can be tested as a value.

import { chainOf, missingChains, seedsOf, type Chain } from "../accounts.js";
import type { KeyInfo } from "../client/index.js";
import type { Snapshot } from "../messages.js";
import { signatureText } from "./signature.js";
import { explain, explainEnd, waitingFor, type Help, type Self } from "./words.js";

/** What the popup itself remembers: the message being written, or that it asks whether to forget the pairing. */
export type Draft = { readonly keyId: string; readonly text: string } | "forget";

export interface Account {
  readonly keyId: string;
  readonly chain: Chain["name"];
  readonly monogram: string;
  readonly label: string;
  readonly address: string;
  readonly path: string;
  readonly canSign: boolean;
}

export interface Group {
  /** Left out where there is only one. */
  readonly title?: string;
  readonly accounts: readonly Account[];
}

export type Screen =
  | { readonly kind: "connecting" }
  | { readonly kind: "help"; readonly help: Help }
  | { readonly kind: "setup" }
  | { readonly kind: "locked" }
  | { readonly kind: "empty" }
  | { readonly kind: "pair" }
  | { readonly kind: "paired"; readonly code: string }
  | { readonly kind: "forget" }
  | { readonly kind: "backup"; readonly keyId: string }
  | {
      readonly kind: "accounts";
      readonly groups: readonly Group[];
      readonly others: readonly string[];
      /** A seed that lacks accounts, and one whose words were not confirmed. */
      readonly incomplete?: string;
      readonly unconfirmed?: string;
    }
  | { readonly kind: "compose"; readonly account: Account; readonly text: string }
  | { readonly kind: "waiting"; readonly title: string; readonly text: string; readonly cancelling: boolean; readonly quote?: string; readonly code?: string }
  | { readonly kind: "signed"; readonly account?: Account; readonly address: string; readonly text: string; readonly signature: string; readonly encoding: string };

export interface View {
  readonly chip?: "Unlocked" | "Locked" | "Not set up" | "Not connected";
  readonly canLock: boolean;
  readonly unattended: boolean;
  readonly hostVersion?: string;
  readonly paired: boolean;
  readonly alert?: Help;
  /** What stands above the wallet of who is not paired. */
  readonly offer?: "offered" | "unsupported";
  readonly screen: Screen;
}

/** Text from outside with its control and direction characters spelled out, so that it cannot rearrange what stands around it. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => (c === "\n" || c === "\t" ? c : `⟨U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`));
}

function labelOf({ label }: KeyInfo, otherwise: string): string {
  return label === undefined || label === "" ? otherwise : visible(label).replaceAll(/\s+/g, " ");
}

function account(key: KeyInfo): Account | undefined {
  const chain = chainOf(key);
  if (chain === undefined || key.address === undefined || key.state === "destroyed") return undefined;
  const { keyId, address, derivedFrom, state, usages } = key;
  const canSign = state === "active" && usages.includes("message");
  return { keyId, chain: chain.name, monogram: chain.monogram, label: labelOf(key, chain.name), address, path: derivedFrom?.path ?? "", canSign };
}

function accounts(keys: readonly KeyInfo[]): Account[] {
  return keys.map(account).filter((found) => found !== undefined);
}

function accountsScreen(keys: readonly KeyInfo[], seeds: readonly KeyInfo[]): Screen {
  const groups = seeds.map((seed, index) => ({
    ...(seeds.length > 1 && { title: labelOf(seed, `Wallet ${index + 1}`) }),
    accounts: accounts(keys.filter(({ derivedFrom }) => derivedFrom?.keyId === seed.keyId)),
  }));
  const shown = new Set([...seeds.map(({ keyId }) => keyId), ...groups.flatMap((group) => group.accounts.map(({ keyId }) => keyId))]);
  const others = keys.filter(({ keyId, state }) => !shown.has(keyId) && state !== "destroyed").map((key) => [labelOf(key, "Key"), key.alg, key.state].join(" · "));
  const incomplete = seeds.find((seed) => seed.state === "active" && missingChains(seed, keys).length > 0)?.keyId;
  const unconfirmed = seeds.find(({ state }) => state === "unconfirmed")?.keyId;
  const shownGroups = groups.filter((group) => group.accounts.length > 0);
  return { kind: "accounts", groups: shownGroups, others, ...(incomplete !== undefined && { incomplete }), ...(unconfirmed !== undefined && { unconfirmed }) };
}

function openScreen({ keys, notice, pairing }: Snapshot, draft: Draft | undefined): Screen {
  if (pairing === "required") return { kind: "pair" };
  if (notice?.kind === "paired") return { kind: "paired", code: notice.code };
  if (notice?.kind === "signed") {
    const { format, address, text } = notice;
    const signer = accounts(keys).find(({ keyId }) => keyId === notice.keyId);
    const { text: signature, encoding } = signatureText(format, notice.signature);
    return { kind: "signed", ...(signer && { account: signer }), address, text: visible(text), signature, encoding };
  }
  const message = draft === "forget" ? undefined : draft;
  const composing = accounts(keys).find(({ keyId }) => keyId === message?.keyId);
  if (message !== undefined && composing !== undefined) return { kind: "compose", account: composing, text: message.text };
  const seeds = seedsOf(keys);
  if (seeds.length === 0) return { kind: "empty" };
  const [only] = seeds;
  return only?.state === "unconfirmed" && seeds.length === 1 ? { kind: "backup", keyId: only.keyId } : accountsScreen(keys, seeds);
}

type Task = NonNullable<Snapshot["task"]>;

function waitingScreen({ action, cancelling, code }: Task, settingUp: boolean): Screen {
  const words = waitingFor(action, settingUp, code);
  return { kind: "waiting", ...words, cancelling, ...(code !== undefined && { code }), ...(action.name === "signMessage" && { quote: visible(action.text) }) };
}

function screenOf(snapshot: Snapshot, draft: Draft | undefined, self: Self): Screen {
  const { connection, problem, state, task } = snapshot;
  if (draft === "forget") return { kind: "forget" };
  if (connection === "failed" && problem !== undefined) return { kind: "help", help: explain(problem, self) };
  if (task !== undefined) return waitingScreen(task, state === "uninitialized");
  if (state === undefined) return { kind: "connecting" };
  switch (state) {
    case "uninitialized":
      return { kind: "setup" };
    case "locked":
      return { kind: "locked" };
    case "unlocked":
      return openScreen(snapshot, draft);
  }
}

/** Where an offer to pair may stand: over the wallet, not over what is being read or done. */
const OFFERED_ON: readonly Screen["kind"][] = ["empty", "backup", "accounts"];

const CHIPS = { unlocked: "Unlocked", locked: "Locked", uninitialized: "Not set up" } as const;

/** What to show for `snapshot` (undefined: none has come yet) while the person writes `draft`. */
export function viewOf(snapshot: Snapshot | undefined, draft: Draft | undefined, self: Self): View {
  if (snapshot === undefined) return { canLock: false, unattended: false, paired: false, screen: { kind: "connecting" } };
  const { connection, state, task, notice, unattended, hostVersion, pairing } = snapshot;
  const failed = connection === "failed";
  const screen = screenOf(snapshot, draft, self);
  const alert = notice?.kind === "problem" && task === undefined ? explainEnd(notice.action, notice.problem, self) : undefined;
  const repeated = screen.kind === "help" && alert?.title === screen.help.title;
  const chip = failed ? "Not connected" : state && CHIPS[state];
  return {
    ...(chip && { chip }),
    canLock: !failed && state === "unlocked" && task === undefined,
    unattended,
    paired: !failed && pairing === "paired",
    ...((pairing === "offered" || pairing === "unsupported") && OFFERED_ON.includes(screen.kind) && { offer: pairing }),
    ...(hostVersion !== undefined && { hostVersion }),
    ...(alert && !repeated && { alert }),
    screen,
  };
}
