// The companion wallet: turns what the person asked for into calls to the host, and keeps the snapshot that the popup shows.

import { chainOf, missingChains } from "./accounts.js";
import { canPair, ConnectionError, encodeBase64Url, HostError, type EventType, type HelloResult, type Host, type KeyInfo } from "./client/index.js";
import type { Action, Notice, PairingState, Problem, Snapshot } from "./messages.js";

/** Milliseconds for a derivation, which asks nobody. */
const DERIVE_TIMEOUT = 15_000;

/** What this wallet needs of a host. */
export type Connection = Pick<Host, "connect" | "request" | "paired" | "pair" | "forgetPairing">;

export class Wallet {
  readonly #host: Connection;
  readonly #changed: (snapshot: Snapshot) => void;
  #snapshot: Snapshot = { connection: "connecting", unattended: false, keys: [] };
  #cancel: AbortController | undefined;

  constructor(host: Connection, changed: (snapshot: Snapshot) => void) {
    this.#host = host;
    this.#changed = changed;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Does what the person asked for. Never rejects: how it ended is in the snapshot. One thing at a time; `cancel` reaches the one at work. */
  async act(action: Action): Promise<void> {
    switch (action.name) {
      case "refresh":
        return this.#refresh();
      case "dismiss":
        this.#update(without(this.#snapshot, "notice"));
        return;
      case "cancel":
        if (this.#snapshot.task !== undefined) this.#update({ ...this.#snapshot, task: { ...this.#snapshot.task, cancelling: true } });
        this.#cancel?.abort();
        return;
      case "forgetPairing":
        return this.#forgetPairing();
      default:
        if (this.#snapshot.task === undefined) await this.#run(action);
    }
  }

  /** An event of the host: another window, process or timer changed something. */
  async hear(event: EventType): Promise<void> {
    if (event === "locked") this.#update({ ...this.#snapshot, state: "locked", keys: [] });
    else if ((event === "unlocked" || event === "keysChanged") && this.#snapshot.task === undefined) await this.#refresh();
  }

  /** The host is gone. It is started again when the person asks for something, never by itself. */
  lose(error: ConnectionError): void {
    if (this.#snapshot.connection === "ready") this.#fail(error);
  }

  async #refresh(): Promise<void> {
    const { connection } = this.#snapshot;
    if (connection !== "ready") this.#update({ ...without(this.#snapshot, "problem"), connection: "connecting" });
    try {
      const hello = await this.#host.connect();
      const { state, unattended = hello.unattended } = await this.#host.request("getStatus", {});
      const pairing = await this.#pairing(hello);
      const open = state === "unlocked" ? await this.#openKeys() : { state, keys: [] };
      const known = without(without(this.#snapshot, "problem"), "pairing");
      this.#update({ ...known, connection: "ready", hostVersion: hello.host.version, unattended, ...(pairing && { pairing }), ...open });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #pairing({ methods }: HelloResult): Promise<PairingState | undefined> {
    if (this.#host.paired) return "paired";
    if (!methods.includes("beginPairing")) return undefined;
    return (await canPair()) ? "offered" : "unsupported";
  }

  /** The keys, or the news that the keystore was locked meanwhile, or that they are shown only to a paired wallet. */
  async #openKeys(): Promise<Pick<Snapshot, "state" | "keys" | "pairing">> {
    try {
      return { state: "unlocked", keys: await this.#keys() };
    } catch (error) {
      if (error instanceof HostError && error.reason === "locked") return { state: "locked", keys: [] };
      if (error instanceof HostError && error.reason === "not_paired") return { state: "unlocked", keys: [], pairing: "required" };
      throw error;
    }
  }

  async #keys(): Promise<KeyInfo[]> {
    const keys: KeyInfo[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#host.request("listKeys", { limit: 100, ...(cursor !== undefined && { cursor }) });
      keys.push(...page.keys);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return keys;
  }

  /** Begins anew, with whoever answers. The person was asked before. */
  async #forgetPairing(): Promise<void> {
    this.#update(without(this.#snapshot, "notice"));
    try {
      await this.#host.forgetPairing();
    } catch (error) {
      this.#fail(error);
      return;
    }
    await this.#refresh();
  }

  async #run(action: Action): Promise<void> {
    this.#cancel = new AbortController();
    this.#update({ ...without(this.#snapshot, "notice"), task: { action, cancelling: false } });
    const notice = await this.#perform(action, this.#cancel.signal).catch((error: unknown) => failure(action, error));
    this.#update({ ...without(this.#snapshot, "task"), ...(notice && { notice }) });
    if (this.#snapshot.connection === "ready") await this.#refresh();
  }

  async #perform(action: Action, signal: AbortSignal): Promise<Notice | undefined> {
    switch (action.name) {
      case "unlock":
      case "lock":
        await this.#host.request(action.name, {}, { signal });
        return undefined;
      case "createWallet": {
        const seed = await this.#host.request("generateKey", { alg: "BIP39", label: "Wallet" }, { signal });
        if (seed.state === "active") await this.#addAccounts(seed, [], signal);
        return undefined;
      }
      case "restoreWallet":
        await this.#addAccounts(await this.#host.request("restoreSeed", { label: "Restored wallet" }, { signal }), [], signal);
        return undefined;
      case "confirmBackup": {
        const seed = await this.#host.request("updateKey", { keyId: action.keyId, state: "active" }, { signal });
        if (seed.state === "active") await this.#addAccounts(seed, await this.#keys(), signal);
        return undefined;
      }
      case "addAccounts": {
        const keys = await this.#keys();
        const seed = keys.find(({ keyId }) => keyId === action.keyId);
        if (seed !== undefined) await this.#addAccounts(seed, keys, signal);
        return undefined;
      }
      case "signMessage":
        return this.#sign(action.keyId, action.text, signal);
      case "pair":
        return this.#pair(signal);
      case "refresh":
      case "dismiss":
      case "cancel":
      case "forgetPairing":
        return undefined;
    }
  }

  async #addAccounts(seed: KeyInfo, keys: readonly KeyInfo[], signal: AbortSignal): Promise<void> {
    for (const { name, path, alg } of missingChains(seed, keys)) {
      try {
        await this.#host.request("deriveKey", { keyId: seed.keyId, path, alg, label: name }, { signal, timeout: DERIVE_TIMEOUT });
      } catch (error) {
        // A seed restored once more has its accounts already, under their first key ids.
        if (!(error instanceof HostError && error.reason === "duplicate")) throw error;
      }
    }
  }

  async #pair(signal: AbortSignal): Promise<Notice> {
    let shown = "";
    const onCode = (code: string): void => {
      shown = code;
      if (this.#snapshot.task !== undefined) this.#update({ ...this.#snapshot, task: { ...this.#snapshot.task, code } });
    };
    await this.#host.pair({ onCode, signal });
    this.#update({ ...this.#snapshot, pairing: "paired" });
    return { kind: "paired", code: shown };
  }

  async #sign(keyId: string, text: string, signal: AbortSignal): Promise<Notice> {
    const key = this.#snapshot.keys.find((candidate) => candidate.keyId === keyId);
    const chain = key && chainOf(key);
    if (chain === undefined) throw new TypeError("not an account");
    const message = encodeBase64Url(new TextEncoder().encode(text));
    const { signature, address } = await this.#host.request("signMessage", { keyId, format: chain.format, message }, { signal });
    return { kind: "signed", keyId, format: chain.format, address, text, signature };
  }

  #fail(error: unknown): void {
    const { task, notice } = this.#snapshot;
    this.#update({ connection: "failed", problem: problemOf(error), unattended: false, keys: [], ...(task && { task }), ...(notice && { notice }) });
  }

  #update(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#changed(snapshot);
  }
}

function without(snapshot: Snapshot, member: "task" | "notice" | "problem" | "pairing"): Snapshot {
  const { [member]: dropped, ...rest } = snapshot;
  return rest;
}

/** What to tell after `action` failed; nothing after the person cancelled it here. */
function failure(action: Action, error: unknown): Notice | undefined {
  const problem = problemOf(error);
  return problem.from === "host" && problem.reason === "cancelled" ? undefined : { kind: "problem", action, problem };
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ConnectionError) return { from: "connection", fault: error.fault };
  if (!(error instanceof HostError)) return { from: "extension" };
  const { detail, incident, retryAfterSeconds } = error.data;
  return {
    from: "host",
    reason: error.reason,
    message: error.message,
    ...(detail !== undefined && { detail }),
    ...(incident !== undefined && { incident }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}
