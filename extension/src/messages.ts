// What the popup and the background say to each other. Everything here is shown to the person; nothing here is secret.

import type { ErrorReason, Fault, KeyInfo, State } from "./client/index.js";

/** What the person asked for. */
export type Action =
  | { readonly name: "refresh" | "unlock" | "lock" | "createWallet" | "restoreWallet" | "pair" | "forgetPairing" | "cancel" | "dismiss" }
  | { readonly name: "confirmBackup" | "addAccounts"; readonly keyId: string }
  | { readonly name: "signMessage"; readonly keyId: string; readonly text: string };

/** An error as it travels to the popup, which finds the words for it. */
export type Problem =
  | { readonly from: "connection"; readonly fault: Fault }
  | {
      readonly from: "host";
      readonly reason: ErrorReason | "unknown";
      readonly message: string;
      readonly detail?: string;
      readonly incident?: string;
      readonly retryAfterSeconds?: number;
    }
  | { readonly from: "extension" };

/** How the last action ended, until the person has seen it. */
export type Notice =
  | { readonly kind: "problem"; readonly action: Action; readonly problem: Problem }
  | { readonly kind: "paired"; readonly code: string }
  | { readonly kind: "signed"; readonly keyId: string; readonly format: string; readonly address: string; readonly text: string; readonly signature: string };

/**
 * `offered`: the host can pair, and asks for none. `required`: it answers only in a pairing, and this browser has none. `unsupported`: the host
 * could, this browser cannot. Left out: the host does not know of pairings.
 */
export type PairingState = "paired" | "offered" | "required" | "unsupported";

/** All that the background knows. It can lose it at any time: the host holds whatever must last. */
export interface Snapshot {
  readonly connection: "connecting" | "ready" | "failed";
  readonly problem?: Problem;
  readonly hostVersion?: string;
  readonly unattended: boolean;
  readonly state?: State;
  readonly pairing?: PairingState;
  readonly keys: readonly KeyInfo[];
  /** `code`: to be compared with the one in the host's window. */
  readonly task?: { readonly action: Action; readonly cancelling: boolean; readonly code?: string };
  readonly notice?: Notice;
}

const PLAIN = ["refresh", "unlock", "lock", "createWallet", "restoreWallet", "pair", "forgetPairing", "cancel", "dismiss"] as const;
const ABOUT_A_KEY = ["confirmBackup", "addAccounts"] as const;

function isOneOf<T extends string>(names: readonly T[], value: unknown): value is T {
  return names.some((name) => name === value);
}

/** Reads an action; undefined for anything that is not exactly one. */
export function parseAction(message: unknown): Action | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { name, keyId, text } = message as Readonly<Record<string, unknown>>;
  if (isOneOf(PLAIN, name)) return { name };
  if (typeof keyId !== "string") return undefined;
  if (isOneOf(ABOUT_A_KEY, name)) return { name, keyId };
  return name === "signMessage" && typeof text === "string" ? { name, keyId, text } : undefined;
}
