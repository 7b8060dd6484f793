// The far end of a channel, under the test's hand: what was sent, and what to answer.

import type { Channel, HelloResult, KeyInfo, Method } from "../src/client/index.js";

export interface Frame {
  readonly jsonrpc: "2.0";
  readonly id?: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export const HELLO: HelloResult = {
  protocol: "1",
  host: { name: "strongroom", version: "0.1.0" },
  origin: "chrome-extension://test/",
  state: "locked",
  paired: false,
  unattended: false,
  methods: ["hello", "getStatus", "unlock", "lock", "generateKey", "restoreSeed", "deriveKey", "listKeys", "updateKey", "signMessage", "sign"] satisfies Method[],
  algorithms: ["ES256K", "Ed25519", "BIP39"],
  backends: ["local"],
  limits: { requestBytes: 1000, responseBytes: 1_048_576, batch: 16, waiting: 64 },
};

export class Station {
  readonly sent: Frame[] = [];
  /** How often a host was started. */
  opened = 0;
  closedByClient = 0;
  #receive: (frame: unknown) => void = () => undefined;
  #closed: (cause?: string) => void = () => undefined;

  readonly channel: Channel = (receive, closed) => {
    this.opened += 1;
    this.#receive = receive;
    this.#closed = closed;
    return { send: (frame) => this.sent.push(frame as Frame), close: () => (this.closedByClient += 1) };
  };

  /** The last frame sent with `method`, once it has been sent. */
  async frame(method: string): Promise<Frame> {
    for (let turn = 0; turn < 50; turn += 1) {
      const found = this.sent.findLast((frame) => frame.method === method);
      if (found !== undefined) return found;
      await Promise.resolve();
    }
    throw new Error(`no ${method} was sent`);
  }

  /** Answers the last frame of `method`, and forgets it. */
  async answer(method: string, result: unknown): Promise<Frame> {
    const frame = await this.frame(method);
    this.sent.splice(this.sent.indexOf(frame), 1);
    this.#receive({ jsonrpc: "2.0", id: frame.id, result });
    return frame;
  }

  async refuse(method: string, code: number, data: Readonly<Record<string, unknown>>): Promise<void> {
    const frame = await this.frame(method);
    this.sent.splice(this.sent.indexOf(frame), 1);
    this.#receive({ jsonrpc: "2.0", id: frame.id, error: { code, message: "No.", data } });
  }

  push(frame: unknown): void {
    this.#receive(frame);
  }

  end(cause?: string): void {
    this.#closed(cause);
  }
}

/** A key as a host lists it. */
export function key(members: Partial<KeyInfo> & Pick<KeyInfo, "keyId">): KeyInfo {
  return {
    alg: "ES256K",
    usages: ["message", "transaction"],
    backend: "local",
    protection: "software",
    provenance: "derived",
    state: "active",
    version: 1,
    createdAt: "2026-01-01T00:00:00Z",
    ...members,
  };
}

export const SEED = key({ keyId: "seed", alg: "BIP39", usages: ["deriveKey"], provenance: "generated", label: "Wallet" });
export const ETHEREUM = key({ keyId: "eth", label: "Ethereum", derivedFrom: { keyId: "seed", path: "m/44'/60'/0'/0/0" }, address: "0x9858EfFD232B4033E47d90003D41EC34EcaEda94" });
export const BITCOIN = key({ keyId: "btc", label: "Bitcoin", derivedFrom: { keyId: "seed", path: "m/84h/0h/0h/0/0" }, address: "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu" });
export const SOLANA = key({ keyId: "sol", alg: "Ed25519", label: "Solana", derivedFrom: { keyId: "seed", path: "m/44'/501'/0'/0'" }, address: "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk" });
