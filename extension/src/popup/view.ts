// From what the background knows to what the popup shows: a pure function, so that every screen can be tested as a value.

import { chainOf, missingChains, seedsOf, type Chain } from "../accounts.js";
import type { KeyInfo } from "../client/index.js";
import type { Action, Snapshot } from "../messages.js";
import { signatureText } from "./signature.js";
import { explain, explainEnd, waitingFor, type Help, type Self } from "./words.js";

/** What the popup itself remembers: the message being written. */
export interface Draft {
  readonly keyId: string;
  readonly text: string;
}

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
  | { readonly kind: "waiting"; readonly title: string; readonly text: string; readonly cancelling: boolean; readonly quote?: string }
  | { readonly kind: "signed"; readonly account?: Account; readonly address: string; readonly text: string; readonly signature: string; readonly encoding: string };

export interface View {
  readonly chip?: "Unlocked" | "Locked" | "Not set up" | "Not connected";
  readonly canLock: boolean;
  readonly unattended: boolean;
  readonly hostVersion?: string;
  readonly alert?: Help;
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

function openScreen({ keys, notice }: Snapshot, draft: Draft | undefined): Screen {
  if (notice?.kind === "signed") {
    const { format, address, text } = notice;
    const signer = accounts(keys).find(({ keyId }) => keyId === notice.keyId);
    const { text: signature, encoding } = signatureText(format, notice.signature);
    return { kind: "signed", ...(signer && { account: signer }), address, text: visible(text), signature, encoding };
  }
  const composing = accounts(keys).find(({ keyId }) => keyId === draft?.keyId);
  if (draft !== undefined && composing !== undefined) return { kind: "compose", account: composing, text: draft.text };
  const seeds = seedsOf(keys);
  if (seeds.length === 0) return { kind: "empty" };
  const [only] = seeds;
  return only?.state === "unconfirmed" && seeds.length === 1 ? { kind: "backup", keyId: only.keyId } : accountsScreen(keys, seeds);
}

function waitingScreen(action: Action, cancelling: boolean, settingUp: boolean): Screen {
  const words = waitingFor(action, settingUp);
  return { kind: "waiting", ...words, cancelling, ...(action.name === "signMessage" && { quote: visible(action.text) }) };
}

function screenOf(snapshot: Snapshot, draft: Draft | undefined, self: Self): Screen {
  const { connection, problem, state, task } = snapshot;
  if (connection === "failed" && problem !== undefined) return { kind: "help", help: explain(problem, self) };
  if (task !== undefined) return waitingScreen(task.action, task.cancelling, state === "uninitialized");
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

const CHIPS = { unlocked: "Unlocked", locked: "Locked", uninitialized: "Not set up" } as const;

/** What to show for `snapshot` (undefined: none has come yet) while the person writes `draft`. */
export function viewOf(snapshot: Snapshot | undefined, draft: Draft | undefined, self: Self): View {
  if (snapshot === undefined) return { canLock: false, unattended: false, screen: { kind: "connecting" } };
  const { connection, state, task, notice, unattended, hostVersion } = snapshot;
  const failed = connection === "failed";
  const screen = screenOf(snapshot, draft, self);
  const alert = notice?.kind === "problem" && task === undefined ? explainEnd(notice.action, notice.problem, self) : undefined;
  const repeated = screen.kind === "help" && alert?.title === screen.help.title;
  const chip = failed ? "Not connected" : state && CHIPS[state];
  return {
    ...(chip && { chip }),
    canLock: !failed && state === "unlocked" && task === undefined,
    unattended,
    ...(hostVersion !== undefined && { hostVersion }),
    ...(alert && !repeated && { alert }),
    screen,
  };
}
