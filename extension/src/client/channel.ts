// The sealed channel: from `openChannel` on, every frame of a port is `{ sealed }`, in both directions and in order.

import { decodeBase64Url, encodeBase64Url } from "./base64url.js";
import { record } from "./errors.js";
import type { Initiator, Transport } from "./noise.js";

export interface SealedChannelOptions {
  /** The id of the call of `openChannel`, whose reply brings the host's handshake message. */
  readonly openedBy: number;
  readonly handshake: Initiator;
  /** Puts a frame on the port. */
  readonly post: (frame: object) => void;
  /** Takes a frame that came, opened. */
  readonly take: (frame: unknown) => void;
  /** The host did not prove that it has its key (`impostor`), or what came is not what it sealed (`broken`). Nothing is taken or posted after. */
  readonly failed: (how: "impostor" | "broken") => void;
}

/**
 * WebCrypto answers later, and not in the order it was asked in. Each direction is therefore a queue: a frame is sealed and posted, or opened
 * and taken, before the next one. What is sent while the channel opens waits until it is open, since a host takes nothing unsealed after its reply.
 */
export class SealedChannel {
  readonly #options: SealedChannelOptions;
  readonly #opened: (transport: Transport) => void;
  readonly #open: Promise<Transport>;
  #transport: Transport | undefined;
  #outbound: Promise<void>;
  #inbound: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(options: SealedChannelOptions) {
    this.#options = options;
    let opened: (transport: Transport) => void = () => undefined;
    this.#open = new Promise((resolve) => {
      opened = resolve;
    });
    this.#opened = opened;
    this.#outbound = this.#open.then(() => undefined);
  }

  /** Whether the host has proved its key. */
  get isOpen(): boolean {
    return this.#transport !== undefined && !this.#ended;
  }

  /** Seals and posts, after everything that was sent before. */
  send(frame: object): void {
    const text = JSON.stringify(frame); // as it is now, whatever becomes of it while it waits
    this.#outbound = this.#outbound.then(async () => {
      const { send } = await this.#open;
      const sealed = encodeBase64Url(await send.seal(new TextEncoder().encode(text)));
      if (!this.#ended) this.#options.post({ sealed });
    });
  }

  /** Opens and takes, after everything that came before. */
  receive(frame: unknown): void {
    this.#inbound = this.#inbound.then(async () => {
      if (this.#ended) return;
      try {
        const opened = this.#transport === undefined ? await this.#beforehand(frame) : await unseal(frame, this.#transport);
        // A listener that throws must not stop the queue.
        queueMicrotask(() => {
          if (!this.#ended) this.#options.take(opened);
        });
      } catch {
        const how = this.#transport === undefined ? "impostor" : "broken";
        this.end();
        this.#options.failed(how);
      }
    });
  }

  /** Nothing passes any more. */
  end(): void {
    this.#ended = true;
  }

  /** Until the reply to `openChannel` frames come in the clear: those of calls that were made before. What waits to be sealed nobody has read yet. */
  async #beforehand(frame: unknown): Promise<unknown> {
    const { id, result } = record(frame);
    if (typeof id === "number" && id > this.#options.openedBy) throw new TypeError("an answer to what was not asked yet");
    if (id === this.#options.openedBy && result !== undefined) {
      const { message } = record(result);
      if (typeof message !== "string") throw new TypeError("no handshake message");
      const payload = await this.#options.handshake.read(decodeBase64Url(message));
      if (payload.length > 0) throw new TypeError("a handshake message with more in it");
      this.#transport = await this.#options.handshake.split();
      this.#opened(this.#transport);
    }
    return frame;
  }
}

async function unseal(frame: unknown, { receive }: Transport): Promise<unknown> {
  const { sealed, ...rest } = record(frame);
  if (typeof sealed !== "string" || Object.keys(rest).length > 0) throw new TypeError("not a sealed frame");
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await receive.open(decodeBase64Url(sealed)));
  return JSON.parse(text);
}

/** Bytes that a frame of `plain` bytes takes on the wire: the tag, base64url, and the object around it. */
export function sealedBytes(plain: number): number {
  return Math.ceil(((plain + 16) * 4) / 3) + '{"sealed":""}'.length;
}
