// The host's side of both handshakes, for tests: mirrors the initiator with the primitives that the vectors have proved.

import { decodeBase64Url, encodeBase64Url, type Bytes } from "../src/client/base64url.js";
import { CipherState, concatenate, generateKeyPair, hkdf, sha256, type KeyPair } from "../src/client/noise.js";
import { pairingCode, prologueOf } from "../src/client/pairing.js";

const NOTHING = new Uint8Array(0);

async function agree(own: KeyPair, theirs: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", theirs, { name: "X25519" }, true, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: key }, own.privateKey, 256));
}

class Symmetric {
  hash: Bytes;
  chainingKey: Bytes;
  cipher: CipherState | undefined;

  constructor(pattern: string) {
    this.hash = new Uint8Array(32);
    this.hash.set(new TextEncoder().encode(`Noise_${pattern}_25519_AESGCM_SHA256`));
    this.chainingKey = this.hash;
  }
  async mix(...data: Bytes[]): Promise<void> {
    for (const one of data) this.hash = await sha256(this.hash, one);
  }
  async key(own: KeyPair, theirs: Bytes): Promise<void> {
    const both = await hkdf(await agree(own, theirs), this.chainingKey, NOTHING, 64);
    this.chainingKey = both.slice(0, 32);
    this.cipher = await CipherState.of(both.slice(32));
  }
  async seal(plain: Bytes): Promise<Bytes> {
    const sealed = (await this.cipher?.seal(plain, this.hash)) ?? plain;
    await this.mix(sealed);
    return sealed;
  }
  async open(sealed: Bytes): Promise<Bytes> {
    const plain = (await this.cipher?.open(sealed, this.hash)) ?? sealed;
    await this.mix(sealed);
    return plain;
  }
  async split(): Promise<{ fromWallet: CipherState; toWallet: CipherState }> {
    const both = await hkdf(NOTHING, this.chainingKey, NOTHING, 64);
    return { fromWallet: await CipherState.of(both.slice(0, 32)), toWallet: await CipherState.of(both.slice(32)) };
  }
}

export class Responder {
  readonly own: KeyPair;
  readonly #origin: string;
  #symmetric = new Symmetric("XX");
  #ephemeral: KeyPair;
  #commitment: Bytes = NOTHING;
  fromWallet: CipherState | undefined;
  toWallet: CipherState | undefined;

  private constructor(own: KeyPair, ephemeral: KeyPair, origin: string) {
    this.own = own;
    this.#ephemeral = ephemeral;
    this.#origin = origin;
  }

  static async of(origin: string): Promise<Responder> {
    return new Responder(await generateKeyPair(), await generateKeyPair(), origin);
  }

  /** XX message 1 to XX message 2. */
  async begin(message: string, nonce: Bytes = crypto.getRandomValues(new Uint8Array(32))): Promise<string> {
    const first = decodeBase64Url(message);
    this.#symmetric = new Symmetric("XX");
    this.#ephemeral = await generateKeyPair();
    const theirs = first.slice(0, 32);
    this.#commitment = first.slice(32);
    await this.#symmetric.mix(prologueOf(this.#origin), theirs, this.#commitment, this.#ephemeral.publicKey);
    await this.#symmetric.key(this.#ephemeral, theirs);
    const key = await this.#symmetric.seal(this.own.publicKey);
    await this.#symmetric.key(this.own, theirs);
    return encodeBase64Url(concatenate(this.#ephemeral.publicKey, key, await this.#symmetric.seal(nonce)));
  }

  /** XX message 3: the wallet's static key and the code that this side shows. */
  async finish(message: string): Promise<{ walletKey: Bytes; code: string; keepsCommitment: boolean }> {
    const last = decodeBase64Url(message);
    const walletKey = await this.#symmetric.open(last.slice(0, 48));
    await this.#symmetric.key(this.#ephemeral, walletKey);
    const nonce = await this.#symmetric.open(last.slice(48));
    const committed = encodeBase64Url(await sha256(walletKey, nonce)) === encodeBase64Url(this.#commitment);
    return { walletKey, code: await pairingCode(this.#symmetric.hash), keepsCommitment: committed && nonce.length === 32 };
  }

  /** KK message 1 to KK message 2, and from then on the two directions. An impostor goes on with a message that does not open for it. */
  async open(message: string, walletKey: Bytes, impostor = false): Promise<string> {
    const first = decodeBase64Url(message);
    const theirs = first.slice(0, 32);
    const symmetric = new Symmetric("KK");
    await symmetric.mix(prologueOf(this.#origin), walletKey, this.own.publicKey, theirs);
    await symmetric.key(this.own, theirs);
    await symmetric.key(this.own, walletKey);
    await symmetric.open(first.slice(32)).catch(async (error: unknown) => {
      if (!impostor) throw error;
      await symmetric.mix(first.slice(32));
    });
    const ephemeral = await generateKeyPair();
    await symmetric.mix(ephemeral.publicKey);
    await symmetric.key(ephemeral, theirs);
    await symmetric.key(ephemeral, walletKey);
    const answer = concatenate(ephemeral.publicKey, await symmetric.seal(NOTHING));
    ({ fromWallet: this.fromWallet, toWallet: this.toWallet } = await symmetric.split());
    return encodeBase64Url(answer);
  }

  async seal(frame: unknown): Promise<{ sealed: string }> {
    const sealed = await this.toWallet?.seal(new TextEncoder().encode(JSON.stringify(frame)));
    return { sealed: encodeBase64Url(sealed ?? NOTHING) };
  }

  async unseal(frame: object): Promise<unknown> {
    const { sealed } = frame as { sealed: string };
    return JSON.parse(new TextDecoder().decode(await this.fromWallet?.open(decodeBase64Url(sealed))));
  }
}
