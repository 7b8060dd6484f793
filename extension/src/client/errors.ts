// What can go wrong between a wallet and the host: a refusal by the host, or no host to answer.

import { ERROR_CODES, type ErrorData, type ErrorReason } from "./protocol.js";

/** Why there is no answer, as far as the browser tells. */
export type Fault =
  /** No native host of that name is registered with this browser. Firefox also says so of a host that does not list the add-on. */
  | "host_missing"
  /** The host is registered, but not for this extension (Chromium only). */
  | "host_forbidden"
  /** The host started and ended, or could not be started. Calls in flight may or may not have been done. */
  | "host_exited"
  /** The host runs and does not answer. */
  | "host_silent"
  /** The host does not know what this extension needs: update the host. */
  | "host_too_old"
  /** The host no longer speaks this extension's protocol: update the extension. */
  | "extension_too_old"
  /** The request is over the host's limit and was not sent. */
  | "request_too_large"
  /** A pairing is kept, and whoever is at the other end does not prove to be the host of it. Nothing was said to it. */
  | "wrong_host"
  /** The host does not know the pairing, or no longer: the person ended it there, or it is another host. */
  | "pairing_unknown"
  /** The browser cannot read, write or use what is kept of the pairing. */
  | "pairing_unreadable"
  /** Something on the way changed, repeated, moved or left out a sealed frame. Calls in flight may or may not have been done. */
  | "channel_broken"
  /** The answer to a pairing was none. Nothing was paired. */
  | "pairing_failed"
  /** The browser's WebCrypto has no X25519, so it cannot pair. */
  | "browser_too_old"
  /** This side closed the connection. */
  | "closed";

const SENTENCES: Record<Fault, string> = {
  host_missing: "The Strongroom host is not installed for this browser.",
  host_forbidden: "The Strongroom host is not registered for this extension.",
  host_exited: "The Strongroom host ended before it answered.",
  host_silent: "The Strongroom host does not answer.",
  host_too_old: "The Strongroom host is older than this extension needs. Update the host.",
  extension_too_old: "This extension is older than the Strongroom host needs. Update the extension.",
  request_too_large: "The request is larger than the host takes.",
  wrong_host: "This is not the host that this wallet was paired with.",
  pairing_unknown: "The host does not know the pairing of this wallet.",
  pairing_unreadable: "The browser cannot read what this wallet keeps of its pairing.",
  channel_broken: "What passes between this wallet and the host was changed on the way.",
  pairing_failed: "The answer to the pairing was not that of a Strongroom host.",
  browser_too_old: "This browser is too old to pair: its WebCrypto has no X25519.",
  closed: "The connection to the host was closed.",
};

/** There is no answer from the host. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(SENTENCES[fault]);
    this.fault = fault;
  }
}

/** The host answered with a refusal. Program against `reason`; `message` is for people. */
export class HostError extends Error {
  override readonly name = "HostError";
  readonly code: number;
  /** `unknown` is a reason that a newer host has and this client does not know. */
  readonly reason: ErrorReason | "unknown";
  readonly data: Partial<ErrorData>;

  constructor(code: number, message: string, data: Partial<ErrorData>) {
    super(message);
    this.code = code;
    this.reason = data.reason ?? "unknown";
    this.data = data;
  }

  /** Reads the `error` member of a reply. What is not of its form is left out. */
  static from(error: unknown): HostError {
    const { code, message, data } = record(error);
    const { reason, path, incident, detail, retryAfterSeconds } = record(data);
    return new HostError(typeof code === "number" ? code : ERROR_CODES.internal, typeof message === "string" ? message : "", {
      ...(isReason(reason) && { reason }),
      ...(typeof path === "string" && { path }),
      ...(typeof incident === "string" && { incident }),
      ...(typeof detail === "string" && { detail }),
      ...(typeof retryAfterSeconds === "number" && { retryAfterSeconds }),
    });
  }
}

function isReason(value: unknown): value is ErrorReason {
  return typeof value === "string" && Object.hasOwn(ERROR_CODES, value);
}

/** `value` as a record, or an empty one if it is none. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** The fault behind the text with which a browser closes a native port. Firefox gives none when a host that ran ends. */
export function faultOf(cause: string | undefined): Fault {
  if (cause === undefined) return "host_exited";
  if (/forbidden/i.test(cause)) return "host_forbidden";
  if (/not found|no such native application/i.test(cause)) return "host_missing";
  return "host_exited";
}
