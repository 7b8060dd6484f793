// The Noise Protocol Framework, revision 34: the initiator of XX and KK with 25519, AESGCM and SHA256.
// WebCrypto does every primitive (X25519 by RFC 7748, HKDF by RFC 5869, AES-256-GCM, SHA-256), so private keys never are bytes here.

import type { Bytes } from "./base64url.js";

/** A Diffie-Hellman key pair. A private key that cannot be exported does not give its public half, so that is kept beside it. */
export interface KeyPair {
  readonly privateKey: CryptoKey;
  /** 32 bytes. */
  readonly publicKey: Bytes;
}

export const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const NOTHING: Bytes = new Uint8Array(0);

/** A new key pair whose private half no script can read. Rejects where WebCrypto has no X25519. */
export async function generateKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
  return { privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)) };
}

export function concatenate(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concatenate(...parts)));
}

/** HKDF-SHA-256 (RFC 5869). With no info and 64 bytes it is Noise's own HKDF with two outputs (section 4.3). */
export async function hkdf(secret: Bytes, salt: Bytes, info: Bytes, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, 8 * length));
}

/** The shared secret. Rejects for a public key of low order, with which it would be known to everybody. */
async function agree({ privateKey }: KeyPair, theirs: Bytes): Promise<Bytes> {
  const publicKey = await crypto.subtle.importKey("raw", theirs, { name: "X25519" }, true, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: publicKey }, privateKey, 8 * KEY_BYTES));
}

async function twoKeys(chainingKey: Bytes, secret: Bytes): Promise<[Bytes, Bytes]> {
  const both = await hkdf(secret, chainingKey, NOTHING, 2 * KEY_BYTES);
  return [both.slice(0, KEY_BYTES), both.slice(KEY_BYTES)];
}

/** One direction (section 5.1): each message has the next counter in its nonce, so what is changed, replayed, left out or moved does not open. */
export class CipherState {
  readonly #key: CryptoKey;
  #counter = 0n;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  static async of(key: Bytes): Promise<CipherState> {
    return new CipherState(await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]));
  }

  /** The counter is taken at the call, not when WebCrypto is done. */
  async seal(plaintext: Bytes, additionalData = NOTHING): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.encrypt(this.#next(additionalData), this.#key, plaintext));
  }

  /** Rejects for a message that is not the next one of the other side. */
  async open(ciphertext: Bytes, additionalData = NOTHING): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.decrypt(this.#next(additionalData), this.#key, ciphertext));
  }

  #next(additionalData: Bytes): AesGcmParams {
    const iv = new Uint8Array(NONCE_BYTES);
    new DataView(iv.buffer).setBigUint64(NONCE_BYTES - 8, this.#counter++);
    return { name: "AES-GCM", iv, additionalData, tagLength: 8 * TAG_BYTES };
  }
}

/** What both sides hold of the handshake so far (section 5.2). */
class SymmetricState {
  hash: Bytes;
  #chainingKey: Bytes;
  #cipher: CipherState | undefined;

  constructor(name: string) {
    this.hash = new Uint8Array(KEY_BYTES);
    this.hash.set(new TextEncoder().encode(name)); // all our names are shorter than a hash
    this.#chainingKey = this.hash;
  }

  async mixHash(data: Uint8Array): Promise<void> {
    this.hash = await sha256(this.hash, data);
  }

  async mixKey(secret: Bytes): Promise<void> {
    const [chainingKey, key] = await twoKeys(this.#chainingKey, secret);
    this.#chainingKey = chainingKey;
    this.#cipher = await CipherState.of(key);
  }

  /** Bytes that the next encrypted field of this length takes on the wire. */
  lengthOf(plain: number): number {
    return this.#cipher === undefined ? plain : plain + TAG_BYTES;
  }

  async encryptAndHash(plaintext: Bytes): Promise<Bytes> {
    const ciphertext = this.#cipher === undefined ? plaintext : await this.#cipher.seal(plaintext, this.hash);
    await this.mixHash(ciphertext);
    return ciphertext;
  }

  async decryptAndHash(ciphertext: Bytes): Promise<Bytes> {
    const plaintext = this.#cipher === undefined ? ciphertext : await this.#cipher.open(ciphertext, this.hash);
    await this.mixHash(ciphertext);
    return plaintext;
  }

  async split(): Promise<Transport> {
    const [first, second] = await twoKeys(this.#chainingKey, NOTHING);
    return { send: await CipherState.of(first), receive: await CipherState.of(second) };
  }
}

/** The two directions after a handshake, as the initiator has them. */
export interface Transport {
  readonly send: CipherState;
  readonly receive: CipherState;
}

type Token = "e" | "s" | "ee" | "es" | "se" | "ss";

/** Section 7.5. In KK both static keys are known before; in XX they travel. */
const PATTERNS: Record<"XX" | "KK", readonly (readonly Token[])[]> = {
  XX: [["e"], ["e", "ee", "s", "es"], ["s", "se"]],
  KK: [["e", "es", "ss"], ["e", "ee", "se"]],
};

export interface Start {
  readonly pattern: "XX" | "KK";
  readonly prologue: Bytes;
  readonly own: KeyPair;
  /** The other side's static key: of KK, and only of KK. */
  readonly theirs?: Bytes;
  /** Of tests with vectors; else a new one. */
  readonly ephemeral?: KeyPair;
}

/** The initiator's side of one handshake (section 5.3). A message that fails ends it: nothing of it may be used any more. */
export class Initiator {
  readonly #symmetric: SymmetricState;
  readonly #messages: (readonly Token[])[];
  readonly #own: KeyPair;
  readonly #ephemeral: KeyPair;
  #theirs: Bytes | undefined;
  #theirEphemeral: Bytes | undefined;

  private constructor(symmetric: SymmetricState, { pattern, own, theirs }: Start, ephemeral: KeyPair) {
    this.#symmetric = symmetric;
    this.#messages = [...PATTERNS[pattern]];
    this.#own = own;
    this.#ephemeral = ephemeral;
    this.#theirs = theirs;
  }

  static async begin(start: Start): Promise<Initiator> {
    const { pattern, prologue, own, theirs, ephemeral = await generateKeyPair() } = start;
    if ((pattern === "KK") !== (theirs !== undefined)) throw new TypeError("the other side's key goes with KK alone");
    const symmetric = new SymmetricState(`Noise_${pattern}_25519_AESGCM_SHA256`);
    await symmetric.mixHash(prologue);
    if (theirs !== undefined) {
      await symmetric.mixHash(own.publicKey);
      await symmetric.mixHash(theirs);
    }
    return new Initiator(symmetric, start, ephemeral);
  }

  /** The hash of the whole handshake: the same on both sides only if nobody stood between. */
  get hash(): Bytes {
    return this.#symmetric.hash;
  }

  /** The other side's static key, once it is known. */
  get theirs(): Bytes {
    return known(this.#theirs);
  }

  async write(payload: Bytes): Promise<Bytes> {
    const parts: Bytes[] = [];
    for (const token of this.#next()) {
      if (token === "e") {
        parts.push(this.#ephemeral.publicKey);
        await this.#symmetric.mixHash(this.#ephemeral.publicKey);
      } else if (token === "s") parts.push(await this.#symmetric.encryptAndHash(this.#own.publicKey));
      else await this.#mix(token);
    }
    parts.push(await this.#symmetric.encryptAndHash(payload));
    return concatenate(...parts);
  }

  /** The payload of the other side's message. Rejects if that was changed, or made with other keys or another prologue. */
  async read(message: Bytes): Promise<Bytes> {
    let rest = message;
    const take = (length: number): Bytes => {
      if (rest.length < length) throw new RangeError("the message is too short");
      const part = rest.slice(0, length);
      rest = rest.slice(length);
      return part;
    };
    for (const token of this.#next()) {
      if (token === "e") await this.#symmetric.mixHash((this.#theirEphemeral = take(KEY_BYTES)));
      else if (token === "s") this.#theirs = await this.#symmetric.decryptAndHash(take(this.#symmetric.lengthOf(KEY_BYTES)));
      else await this.#mix(token);
    }
    return this.#symmetric.decryptAndHash(rest);
  }

  /** After the last message: the two directions. */
  async split(): Promise<Transport> {
    if (this.#messages.length > 0) throw new TypeError("the handshake is not done");
    return this.#symmetric.split();
  }

  #next(): readonly Token[] {
    return known(this.#messages.shift());
  }

  /** In a token the first letter is the initiator's key, the second the other side's. */
  async #mix(token: Exclude<Token, "e" | "s">): Promise<void> {
    const own = token.startsWith("e") ? this.#ephemeral : this.#own;
    const theirs = token.endsWith("e") ? this.#theirEphemeral : this.#theirs;
    await this.#symmetric.mixKey(await agree(own, known(theirs)));
  }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("not at this point of the handshake");
  return value;
}
