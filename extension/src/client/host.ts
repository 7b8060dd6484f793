// The typed client of the Strongroom host: one native port, JSON-RPC 2.0, and an answer to every call, be it an error.
// The only file that starts the host. Browsers start one host process a port, so a wallet keeps one Host, in its background.

import { ConnectionError, faultOf, HostError, record, type Fault } from "./errors.js";
import { CONSENT, ERROR_CODES, PROTOCOL_VERSION, type Client, type EventType, type HelloResult, type Method, type Operations } from "./protocol.js";

export const HOST_NAME = "io.strongroom.host";

/** Milliseconds. Chromium drops a frame that is not JSON without a word, so every call needs a limit of its own. */
export const TIMEOUTS = { hello: 15_000, machine: 15_000, person: 30 * 60_000, cancelled: 5_000 } as const;

export type Request = Exclude<Method, "hello">;
export type Params<M extends Method> = Operations[M]["params"];
export type Result<M extends Method> = Operations[M]["result"];

export interface RequestOptions {
  /** Aborting asks the host to cancel; the call then settles as the host answers: `cancelled`, or done if it was approved already. */
  readonly signal?: AbortSignal;
  /** Instead of the limit that goes with the method, in milliseconds. */
  readonly timeout?: number;
}

/** A way to a host. The browser's is `nativeChannel`; tests and other carriers bring their own. */
export type Channel = (receive: (frame: unknown) => void, closed: (cause?: string) => void) => { send: (frame: object) => void; close: () => void };

export interface HostOptions {
  readonly client: Client;
  readonly channel?: Channel;
  readonly onEvent?: (type: EventType) => void;
  /** The connection ended; the next request starts a host anew. */
  readonly onClosed?: (error: ConnectionError) => void;
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
  #requestBytes = Infinity;
  #lastId = 0;
  #ended = false;

  constructor(options: HostOptions, onEnd: (error: ConnectionError) => void) {
    this.#onEvent = options.onEvent;
    this.#onEnd = onEnd;
    this.greeting = this.#greet(options);
  }

  async #greet({ client, channel = nativeChannel }: HostOptions): Promise<HelloResult> {
    await Promise.resolve(); // so that the owner holds this session before it can end
    try {
      this.#channel = channel(this.#receive, this.#closed);
      const hello = await this.call("hello", { protocol: [PROTOCOL_VERSION], client }, {});
      if (hello.protocol !== PROTOCOL_VERSION) throw new ConnectionError("extension_too_old");
      this.#requestBytes = hello.limits.requestBytes;
      return hello;
    } catch (error) {
      const told = error instanceof HostError && error.reason === "unsupported" ? new ConnectionError(olderPart(error)) : error;
      this.end(told instanceof ConnectionError ? told.fault : "closed");
      throw told;
    }
  }

  async call<M extends Method>(method: M, params: Params<M>, { signal, timeout = timeoutOf(method) }: RequestOptions): Promise<Result<M>> {
    if (signal?.aborted === true) throw cancelled();
    const id = ++this.#lastId;
    const frame = { jsonrpc: "2.0", id, method, params };
    if (new TextEncoder().encode(JSON.stringify(frame)).length > this.#requestBytes) throw new ConnectionError("request_too_large");

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
      return (await answer) as Result<M>;
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
    this.#channel?.close();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#onEnd(error);
  }

  #cancel(id: number): void {
    if (this.#pending.has(id) && !this.#ended) this.#send({ jsonrpc: "2.0", method: "cancel", params: { id } });
  }

  #send(frame: object): void {
    if (this.#ended || this.#channel === undefined) throw new ConnectionError("host_exited");
    try {
      this.#channel.send(frame);
    } catch {
      this.end("host_exited"); // the browser throws on a port that is gone
    }
  }

  readonly #closed = (cause?: string): void => {
    this.#channel = undefined;
    this.end(faultOf(cause));
  };

  readonly #receive = (frame: unknown): void => {
    const { id, method, params, result, error } = record(frame);
    if (method === "event") {
      const { type } = record(params);
      if (isEvent(type)) this.#onEvent?.(type);
      return;
    }
    const pending = this.#addressee(id, error);
    if (error !== undefined) pending?.reject(HostError.from(error));
    else if (result !== undefined) pending?.resolve(result);
  };

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

/** Versions only go up: a host that names none of ours nor a lower one has left ours behind. */
function olderPart(refusal: HostError): "host_too_old" | "extension_too_old" {
  const spoken = (refusal.data.detail?.match(/\d+/g) ?? []).map(Number);
  return spoken.length > 0 && Math.max(...spoken) < Number(PROTOCOL_VERSION) ? "host_too_old" : "extension_too_old";
}

/** The refusal of a call that was cancelled before it was sent. */
function cancelled(): HostError {
  return new HostError(ERROR_CODES.cancelled, "The call was cancelled before it was sent.", { reason: "cancelled" });
}
