// The typed client of the Strongroom host: one native port, JSON-RPC 2.0, and an answer to every call, be it an error.
// The only file that starts the host. Browsers start one host process a port, so a wallet keeps one Host, in its background.
// A paired wallet speaks through a sealed channel alone: where the host does not prove its key, nothing but `hello` is said to it.

import { SealedChannel, sealedBytes } from "./channel.js";
import { ConnectionError, faultOf, HostError, record, type Fault } from "./errors.js";
import { isOwnOrigin } from "./origin.js";
import { beginChannel, canPair, PairingAttempt, type Pairing, type PairingStore } from "./pairing.js";
import { CONSENT, ERROR_CODES, PROTOCOL_VERSION, type Client, type EventType, type HelloResult, type Method, type Operations } from "./protocol.js";

export const HOST_NAME = "io.strongroom.host";

/** Milliseconds. Chromium drops a frame that is not JSON without a word, so every call needs a limit of its own. */
export const TIMEOUTS = { hello: 15_000, machine: 15_000, person: 30 * 60_000, cancelled: 5_000 } as const;

/** What a wallet calls by itself; the handshakes are the client's. */
export type Request = Exclude<Method, "hello" | "beginPairing" | "finishPairing" | "openChannel">;
export type Params<M extends Method> = Operations[M]["params"];
export type Result<M extends Method> = Operations[M]["result"];

export interface RequestOptions {
  /** Aborting asks the host to cancel; the call then settles as the host answers: `cancelled`, or done if it was approved already. */
  readonly signal?: AbortSignal;
  /** Instead of the limit that goes with the method, in milliseconds. */
  readonly timeout?: number;
}

export interface PairOptions extends RequestOptions {
  /** Gets the eight digits that the person compares with those in the host's own window, which waits for that. */
  readonly onCode: (code: string) => void;
}

/** A way to a host. The browser's is `nativeChannel`; tests and other carriers bring their own. */
export type Channel = (receive: (frame: unknown) => void, closed: (cause?: string) => void) => { send: (frame: object) => void; close: () => void };

export interface HostOptions {
  readonly client: Client;
  readonly channel?: Channel;
  readonly onEvent?: (type: EventType) => void;
  /** The connection ended; the next request starts a host anew. */
  readonly onClosed?: (error: ConnectionError) => void;
  /** Where this wallet keeps its pairing, `indexedDbPairings` in a browser. Without it the wallet cannot pair. */
  readonly pairings?: PairingStore;
}

interface FirefoxPort {
  readonly error?: { readonly message: string } | null;
}

/** The browser's own channel. Firefox tells the cause on the port, Chromium in `runtime.lastError`. */
export const nativeChannel: Channel = (receive, closed) => {
  const port = chrome.runtime.connectNative(HOST_NAME);
  port.onMessage.addListener((frame: unknown) => {
    receive(frame);
  });
  port.onDisconnect.addListener((ended: chrome.runtime.Port & FirefoxPort) => {
    closed(ended.error?.message ?? chrome.runtime.lastError?.message);
  });
  return {
    send: (frame) => {
      port.postMessage(frame);
    },
    close: () => {
      port.disconnect();
    },
  };
};

/** Calls that no person is asked about are answered at once; every other may wait for somebody to read and decide. */
export function timeoutOf(method: Method): number {
  if (method === "hello") return TIMEOUTS.hello;
  return CONSENT[method] === "public" || ["getStatus", "lock", "getImportKey"].includes(method) ? TIMEOUTS.machine : TIMEOUTS.person;
}

/** A wallet's connection to the host. Nothing starts before the first `connect` or `request`. */
export class Host {
  readonly #options: HostOptions;
  #session: Session | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Starts the host unless it runs, and says hello. */
  connect(): Promise<HelloResult> {
    return this.#open().greeting;
  }

  /** Calls a method of the protocol. Rejects with a `HostError` (the host refused) or a `ConnectionError` (nobody answered). */
  async request<M extends Request>(method: M, params: Params<M>, options: RequestOptions = {}): Promise<Result<M>> {
    const session = this.#open();
    const hello = await session.greeting;
    if (!hello.methods.includes(method)) throw new ConnectionError("host_too_old");
    return session.call(method, params, options);
  }

  /** Whether this connection is sealed, to the host that this wallet was paired with. */
  get paired(): boolean {
    return this.#session?.sealed === true;
  }

  /**
   * Pairs, and goes on in a sealed channel. Needs an open keystore, and the person, who compares the code in the host's own window.
   * Rejects as `request` does; `user_rejected` means that the person refused, be it because the codes differed.
   */
  async pair({ onCode, ...options }: PairOptions): Promise<void> {
    const { pairings } = this.#options;
    if (pairings === undefined) throw new TypeError("There is no place to keep a pairing.");
    if (!(await canPair())) throw new ConnectionError("browser_too_old");
    const session = this.#open();
    const hello = await session.greeting;
    if (session.sealed) throw new TypeError("This wallet is paired already.");
    if (!hello.methods.includes("beginPairing")) throw new ConnectionError("host_too_old");
    const pairing = await session.pair(hello, onCode, options);
    await pairings.save(pairing).catch(unreadable);
    await session.seal(pairing, hello);
  }

  /** Forgets the pairing on this side and ends the connection; the next one is not sealed. The host keeps its side until the person ends it there. */
  async forgetPairing(): Promise<void> {
    this.close();
    await this.#options.pairings?.forget().catch(unreadable);
  }

  /** Ends the host. Calls in flight fail with `closed`. */
  close(): void {
    this.#session?.end("closed");
  }

  #open(): Session {
    return (this.#session ??= new Session(this.#options, (error) => {
      this.#session = undefined;
      this.#options.onClosed?.(error);
    }));
  }
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One port, from its opening to its end. */
class Session {
  readonly greeting: Promise<HelloResult>;
  readonly #pending = new Map<number, Pending>();
  readonly #onEvent: HostOptions["onEvent"];
  readonly #onEnd: (error: ConnectionError) => void;
  #channel: ReturnType<Channel> | undefined;
  #sealedChannel: SealedChannel | undefined;
  #requestBytes = Infinity;
  #lastId = 0;
  #ended = false;

  constructor(options: HostOptions, onEnd: (error: ConnectionError) => void) {
    this.#onEvent = options.onEvent;
    this.#onEnd = onEnd;
    this.greeting = this.#greet(options);
  }

  get sealed(): boolean {
    return this.#sealedChannel?.isOpen === true;
  }

  async #greet({ client, channel = nativeChannel, pairings }: HostOptions): Promise<HelloResult> {
    await Promise.resolve(); // so that the owner holds this session before it can end
    try {
      const pairing = pairings && (await pairings.load().catch(unreadable));
      if (this.#ended) throw new ConnectionError("closed");
      this.#channel = channel(this.#receive, this.#closed);
      const hello = await this.call("hello", { protocol: [PROTOCOL_VERSION], client }, {});
      if (hello.protocol !== PROTOCOL_VERSION) throw new ConnectionError("extension_too_old");
      this.#requestBytes = hello.limits.requestBytes;
      if (pairing !== undefined) await this.seal(pairing, hello);
      return hello;
    } catch (error) {
      const told = error instanceof HostError && error.reason === "unsupported" ? new ConnectionError(olderPart(error)) : error;
      this.end(told instanceof ConnectionError ? told.fault : "closed");
      throw told;
    }
  }

  async call<M extends Method>(method: M, params: Params<M>, { signal, timeout = timeoutOf(method) }: RequestOptions): Promise<Result<M>> {
    return (await this.#exchange(method, params, timeout, signal)) as Result<M>;
  }

  /** Has the person pair this wallet with whoever is at the other end. */
  async pair({ origin }: HelloResult, onCode: PairOptions["onCode"], { signal, timeout = TIMEOUTS.person }: RequestOptions): Promise<Pairing> {
    if (!isOwnOrigin(origin)) throw new ConnectionError("pairing_failed");
    const attempt = await PairingAttempt.begin(origin);
    const begun = await this.#exchange("beginPairing", { message: attempt.message }, TIMEOUTS.machine, signal);
    const { message, code } = await attempt.answer(text(begun, "message")).catch(() => {
      throw new ConnectionError("pairing_failed");
    });
    onCode(code);
    return attempt.done(text(await this.#exchange("finishPairing", { message }, timeout, signal), "pairingId"));
  }

  /** Opens the channel of `pairing`. Whoever cannot, is not the host of that pairing, and this connection ends: there is no speaking without it. */
  async seal(pairing: Pairing, { origin, methods }: HelloResult): Promise<void> {
    try {
      if (!isOwnOrigin(origin) || !methods.includes("openChannel")) throw new ConnectionError("wrong_host");
      const { message, handshake } = await beginChannel(pairing, origin).catch(unreadable);
      const reply = this.#exchange("openChannel", { pairingId: pairing.pairingId, message }, TIMEOUTS.machine);
      // The call is on the port by now, in the clear; all that follows it is not.
      this.#sealedChannel = new SealedChannel({
        openedBy: this.#lastId,
        handshake,
        post: this.#post,
        take: this.#take,
        failed: (how) => {
          this.end(how === "impostor" ? "wrong_host" : "channel_broken");
        },
      });
      await reply;
    } catch (error) {
      const told = error instanceof HostError ? new ConnectionError(error.reason === "not_paired" ? "pairing_unknown" : "wrong_host") : error;
      this.end(told instanceof ConnectionError ? told.fault : "closed");
      throw told;
    }
  }

  async #exchange(method: string, params: object, timeout: number, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted === true) throw cancelled();
    const id = ++this.#lastId;
    const frame = { jsonrpc: "2.0", id, method, params };
    const size = new TextEncoder().encode(JSON.stringify(frame)).length;
    if ((this.#sealedChannel === undefined ? size : sealedBytes(size)) > this.#requestBytes) throw new ConnectionError("request_too_large");

    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    const silent = (): void => {
      this.#cancel(id);
      this.#pending.get(id)?.reject(new ConnectionError("host_silent"));
    };
    let timer = setTimeout(silent, timeout);
    const abort = (): void => {
      this.#cancel(id);
      clearTimeout(timer);
      timer = setTimeout(silent, TIMEOUTS.cancelled);
    };
    signal?.addEventListener("abort", abort);
    try {
      this.#send(frame);
      return await answer;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      this.#pending.delete(id);
    }
  }

  /** Closes the port and fails what is in flight. */
  end(fault: Fault): void {
    if (this.#ended) return;
    this.#ended = true;
    const error = new ConnectionError(fault);
    this.#sealedChannel?.end();
    this.#channel?.close();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#onEnd(error);
  }

  #cancel(id: number): void {
    if (this.#pending.has(id) && !this.#ended) this.#send({ jsonrpc: "2.0", method: "cancel", params: { id } });
  }

  #send(frame: object): void {
    if (this.#ended || this.#channel === undefined) throw new ConnectionError("host_exited");
    if (this.#sealedChannel === undefined) this.#post(frame);
    else this.#sealedChannel.send(frame);
  }

  readonly #post = (frame: object): void => {
    try {
      this.#channel?.send(frame);
    } catch {
      this.end("host_exited"); // the browser throws on a port that is gone
    }
  };

  readonly #closed = (cause?: string): void => {
    this.#channel = undefined;
    this.end(faultOf(cause));
  };

  readonly #receive = (frame: unknown): void => {
    if (this.#sealedChannel === undefined) this.#take(frame);
    else this.#sealedChannel.receive(frame);
  };

  readonly #take = (frame: unknown): void => {
    const { id, method, params, result, error } = record(frame);
    if (method === "event") {
      const { type } = record(params);
      if (isEvent(type)) this.#onEvent?.(type);
      return;
    }
    const pending = this.#addressee(id, error);
    if (error !== undefined) this.#refuse(pending, HostError.from(error));
    else if (result !== undefined) pending?.resolve(result);
  };

  /** `not_paired` inside the channel: the person has ended the pairing at the host, which does nothing more on this port. */
  #refuse(pending: Pending | undefined, error: HostError): void {
    if (this.sealed && error.reason === "not_paired") this.end("pairing_unknown");
    else pending?.reject(error);
  }

  /** An error without an id is that of the only call in flight; with several it is nobody's, and their time limits speak. */
  #addressee(id: unknown, error: unknown): Pending | undefined {
    if (typeof id === "number") return this.#pending.get(id);
    return id === null && error !== undefined && this.#pending.size === 1 ? [...this.#pending.values()][0] : undefined;
  }
}

const EVENTS: Record<EventType, true> = { locked: true, unlocked: true, keysChanged: true, approvalWaiting: true, approvalDone: true };

function isEvent(type: unknown): type is EventType {
  return typeof type === "string" && Object.hasOwn(EVENTS, type);
}

/** A member of a reply of a host that has not proved anything yet. */
function text(reply: unknown, member: string): string {
  const { [member]: value } = record(reply);
  if (typeof value !== "string") throw new ConnectionError("pairing_failed");
  return value;
}

/** What is kept of the pairing cannot be read, written or used. Nobody is spoken to in its stead. */
function unreadable(): never {
  throw new ConnectionError("pairing_unreadable");
}

/** Versions only go up: a host that names none of ours nor a lower one has left ours behind. */
function olderPart(refusal: HostError): "host_too_old" | "extension_too_old" {
  const spoken = (refusal.data.detail?.match(/\d+/g) ?? []).map(Number);
  return spoken.length > 0 && Math.max(...spoken) < Number(PROTOCOL_VERSION) ? "host_too_old" : "extension_too_old";
}

/** The refusal of a call that was cancelled before it was sent. */
function cancelled(): HostError {
  return new HostError(ERROR_CODES.cancelled, "The call was cancelled before it was sent.", { reason: "cancelled" });
}
