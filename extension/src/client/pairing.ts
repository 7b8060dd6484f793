// Pairing: how a wallet and a host come to know each other's static key, with the person as the one who compares (Noise XX and a short code),
// and what the wallet keeps of it. The private key never leaves the browser's own keeping: WebCrypto gives no script its bytes.

import { decodeBase64Url, encodeBase64Url, type Bytes } from "./base64url.js";
import { concatenate, generateKeyPair, hkdf, Initiator, KEY_BYTES, sha256, type KeyPair } from "./noise.js";
import type { Base64Url } from "./protocol.js";

/** What a paired wallet keeps. */
export interface Pairing {
  readonly pairingId: Base64Url;
  readonly own: KeyPair;
  /** The static key of the host: who cannot use it is another host. */
  readonly hostKey: Bytes;
}

/** Where a wallet keeps its pairing. `load` must reject if it cannot tell: "none" would mean to speak unpaired. */
export interface PairingStore {
  readonly load: () => Promise<Pairing | undefined>;
  readonly save: (pairing: Pairing) => Promise<void>;
  readonly forget: () => Promise<void>;
}

const NONCE_BYTES = 32;
const CODE_INFO = "strongroom pairing code";
const CODE_DIGITS = 8;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** Binds a handshake to who speaks: `origin` as hello tells it and the family of the browser. */
export function prologueOf(origin: string): Bytes {
  const family = origin.startsWith("moz-extension:") ? "firefox" : "chromium";
  return utf8(["strongroom/1 channel", origin, family].join("\0"));
}

/** Eight digits in two groups, out of the hash of the handshake. The host shows the same ones if nobody stands between. */
export async function pairingCode(handshakeHash: Bytes): Promise<string> {
  const bytes = await hkdf(handshakeHash, new Uint8Array(0), utf8(CODE_INFO), 8);
  const number = new DataView(bytes.buffer).getBigUint64(0) % 10n ** BigInt(CODE_DIGITS);
  const digits = String(number).padStart(CODE_DIGITS, "0");
  return `${digits.slice(0, CODE_DIGITS / 2)} ${digits.slice(CODE_DIGITS / 2)}`;
}

/** Whether this browser can pair at all: Chromium since 133, Firefox since 130. */
export async function canPair(): Promise<boolean> {
  return generateKeyPair().then(
    () => true,
    () => false,
  );
}

/**
 * One pairing under way. The first message commits to this side's key and nonce before the other side's nonce is seen, so whoever
 * stands between cannot choose what the code will be: one guess in 10^8.
 */
export class PairingAttempt {
  /** For `beginPairing`. */
  readonly message: Base64Url;
  readonly #own: KeyPair;
  readonly #nonce: Bytes;
  readonly #handshake: Initiator;

  private constructor(message: Bytes, own: KeyPair, nonce: Bytes, handshake: Initiator) {
    this.message = encodeBase64Url(message);
    this.#own = own;
    this.#nonce = nonce;
    this.#handshake = handshake;
  }

  static async begin(origin: string): Promise<PairingAttempt> {
    const own = await generateKeyPair();
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const handshake = await Initiator.begin({ pattern: "XX", prologue: prologueOf(origin), own });
    return new PairingAttempt(await handshake.write(await sha256(own.publicKey, nonce)), own, nonce, handshake);
  }

  /** Takes the host's message; the one for `finishPairing`, and the code that the person compares while it waits. */
  async answer(message: Base64Url): Promise<{ readonly message: Base64Url; readonly code: string }> {
    const nonce = await this.#handshake.read(decodeBase64Url(message));
    if (nonce.length !== NONCE_BYTES) throw new RangeError("not a nonce");
    const last = encodeBase64Url(await this.#handshake.write(this.#nonce));
    return { message: last, code: await pairingCode(this.#handshake.hash) };
  }

  /** What to keep once the person has said at the host that the codes are the same. */
  done(pairingId: Base64Url): Pairing {
    return { pairingId, own: this.#own, hostKey: this.#handshake.theirs };
  }
}

/** The first message of a channel under `pairing`, for `openChannel`, and the handshake that takes the second. */
export async function beginChannel({ own, hostKey }: Pairing, origin: string): Promise<{ readonly message: Base64Url; readonly handshake: Initiator }> {
  const handshake = await Initiator.begin({ pattern: "KK", prologue: prologueOf(origin), own, theirs: hostKey });
  return { message: encodeBase64Url(await handshake.write(concatenate())), handshake };
}

/** Reads what was kept; throws for anything else. */
export function readPairing(kept: unknown): Pairing {
  const { pairingId, own, hostKey } = kept as Partial<Pairing>;
  const whole = typeof pairingId === "string" && own?.privateKey instanceof CryptoKey && isKey(own.publicKey) && isKey(hostKey);
  if (!whole) throw new TypeError("not a pairing");
  return { pairingId, own, hostKey };
}

function isKey(value: unknown): value is Bytes {
  return value instanceof Uint8Array && value.length === KEY_BYTES;
}
