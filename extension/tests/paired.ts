// A station whose host can pair, and what a wallet keeps, in memory.

import type { Frame } from "./station.js";
import { HELLO } from "./station.js";
import { Responder } from "./responder.js";
import type { Channel, HelloResult, Pairing, PairingStore } from "../src/client/index.js";
import type { Bytes } from "../src/client/base64url.js";

export const ABLE: HelloResult = { ...HELLO, methods: [...HELLO.methods, "beginPairing", "finishPairing", "openChannel"] };
export const PAIRING_ID = "AAECAwQFBgcICQoLDA0ODw";

export class MemoryStore implements PairingStore {
  kept: Pairing | undefined;
  fails = false;

  readonly load = (): Promise<Pairing | undefined> => (this.fails ? Promise.reject(new Error("no database")) : Promise.resolve(this.kept));
  readonly save = (pairing: Pairing): Promise<void> => {
    this.kept = pairing;
    return Promise.resolve();
  };
  readonly forget = (): Promise<void> => {
    this.kept = undefined;
    return Promise.resolve();
  };
}

/** Waits for what WebCrypto does meanwhile. */
export async function until(look: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    if (look()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("it did not happen");
}

export type Answer = (frame: Frame) => unknown;

/** A host that answers by itself: it does both handshakes, and everything else by `answers`. What is sealed it opens and seals. */
export class PairedHost {
  /** As they were on the port. */
  readonly posted: object[] = [];
  /** As the host read them, sealed or not. */
  readonly heard: Frame[] = [];
  readonly sealedCalls: string[] = [];
  codes: string[] = [];
  walletKey: Bytes | undefined;
  keepsCommitment: boolean | undefined;
  hello = ABLE;
  opened = 0;
  closedByClient = 0;
  /** What the host says instead, by method. */
  readonly answers: Record<string, Answer> = {};
  /** What becomes of a frame on its way to the wallet. */
  onTheWay: (frame: object) => unknown[] = (frame) => [frame];
  readonly responder: Responder;
  #receive: (frame: unknown) => void = () => undefined;
  #queue: Promise<void> = Promise.resolve();
  #sealed = false;

  private constructor(responder: Responder) {
    this.responder = responder;
  }

  static async of(origin: string = HELLO.origin): Promise<PairedHost> {
    return new PairedHost(await Responder.of(origin));
  }

  readonly channel: Channel = (receive) => {
    this.opened += 1;
    this.#sealed = false;
    this.#receive = receive;
    return {
      send: (frame) => {
        this.posted.push(frame);
        this.#queue = this.#queue.then(() => this.#hear(frame));
      },
      close: () => (this.closedByClient += 1),
    };
  };

  /** Sends a frame of its own accord. */
  async say(frame: unknown): Promise<void> {
    this.push(this.#sealed ? await this.responder.seal(frame) : (frame as object));
  }

  push(frame: object): void {
    for (const one of this.onTheWay(frame)) this.#receive(one);
  }

  async #hear(posted: object): Promise<void> {
    const frame = (this.#sealed ? await this.responder.unseal(posted) : posted) as Frame;
    this.heard.push(frame);
    if (this.#sealed) this.sealedCalls.push(frame.method);
    if (frame.id === undefined) return;
    const answer = await (this.answers[frame.method] ?? ((one) => this.#handshake(one)))(frame);
    if (answer === undefined) return;
    const error = (answer as { error?: object }).error;
    await this.say(error === undefined ? { jsonrpc: "2.0", id: frame.id, result: answer } : { jsonrpc: "2.0", id: frame.id, error });
    if (frame.method === "openChannel" && error === undefined) this.#sealed = true;
  }

  async #handshake({ method, params }: Frame): Promise<unknown> {
    const message = params["message"] as string;
    switch (method) {
      case "hello":
        return this.hello;
      case "beginPairing":
        return { message: await this.responder.begin(message) };
      case "finishPairing": {
        const { walletKey, code, keepsCommitment } = await this.responder.finish(message);
        this.walletKey = walletKey;
        this.keepsCommitment = keepsCommitment;
        this.codes.push(code);
        return { pairingId: PAIRING_ID };
      }
      case "openChannel": {
        try {
          if (this.walletKey === undefined || params["pairingId"] !== PAIRING_ID) throw new Error("unknown");
          return { message: await this.responder.open(message, this.walletKey) };
        } catch {
          return refusal("not_paired", 4100);
        }
      }
      default:
        return { echo: params };
    }
  }
}

export function refusal(reason: string, code = 5000): { error: object } {
  return { error: { code, message: "No.", data: { reason } } };
}
