import { expect, test } from "vitest";

import vectors from "../../tests/vectors/channel.json" with { type: "json" };
import { decodeBase64Url, encodeBase64Url, type Bytes } from "../src/client/base64url.js";
import { CipherState, Initiator, sha256, type KeyPair, type Start } from "../src/client/noise.js";
import { pairingCode, prologueOf } from "../src/client/pairing.js";

const PKCS8 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20]; // RFC 8410, up to the key
const { xx, kk } = vectors;

async function keyPair(pair: { private: string; public: string }): Promise<KeyPair> {
  const key = new Uint8Array([...PKCS8, ...decodeBase64Url(pair.private)]);
  return { privateKey: await crypto.subtle.importKey("pkcs8", key, { name: "X25519" }, false, ["deriveBits"]), publicKey: decodeBase64Url(pair.public) };
}

/** The vectors' initiator, with something else about it if `change` says so. */
async function initiator(pattern: "XX" | "KK", change: Partial<Start> = {}): Promise<Initiator> {
  const vector = pattern === "XX" ? xx : kk;
  return Initiator.begin({
    pattern,
    prologue: decodeBase64Url(vectors.prologue),
    own: await keyPair(vector.initiatorStatic),
    ephemeral: await keyPair(vector.initiatorEphemeral),
    ...(pattern === "KK" && { theirs: decodeBase64Url(vector.responderStatic.public) }),
    ...change,
  });
}

function nth<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error("no such vector");
  return found;
}

function message(pattern: "XX" | "KK", index: number): { payload: Bytes; message: Bytes } {
  const vector = nth((pattern === "XX" ? xx : kk).messages, index);
  return { payload: decodeBase64Url(vector.payload), message: decodeBase64Url(vector.message) };
}

/** As far as the host's answer. */
async function asked(pattern: "XX" | "KK", change: Partial<Start> = {}): Promise<Initiator> {
  const handshake = await initiator(pattern, change);
  await handshake.write(message(pattern, 0).payload);
  return handshake;
}

const flipped = (bytes: Bytes, at: number): Bytes => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

test("the prologue binds origin and family", () => {
  expect(encodeBase64Url(prologueOf(vectors.origin))).toBe(vectors.prologue);
  expect(new TextDecoder().decode(prologueOf("moz-extension:a@b"))).toBe("strongroom/1 channel\0moz-extension:a@b\0firefox");
});

test("XX is that of another library, message by message, to the code", async () => {
  const handshake = await initiator("XX");
  const [first, second, third] = [message("XX", 0), message("XX", 1), message("XX", 2)];

  expect(await handshake.write(first.payload)).toEqual(first.message);
  expect(await handshake.read(second.message)).toEqual(second.payload);
  expect(encodeBase64Url(handshake.theirs)).toBe(xx.responderStatic.public);
  expect(await handshake.write(third.payload)).toEqual(third.message);
  expect(encodeBase64Url(handshake.hash)).toBe(xx.handshakeHash);
  expect(await pairingCode(handshake.hash)).toBe(xx.code);
});

test("the commitment is the hash of key and nonce", async () => {
  expect(encodeBase64Url(await sha256(decodeBase64Url(xx.initiatorStatic.public), decodeBase64Url(xx.nonceI)))).toBe(xx.commitment);
});

test("KK is that of another library, and so is what is sealed in both directions", async () => {
  const handshake = await initiator("KK");
  const [first, second] = [message("KK", 0), message("KK", 1)];

  expect(await handshake.write(first.payload)).toEqual(first.message);
  expect(await handshake.read(second.message)).toEqual(second.payload);
  expect(encodeBase64Url(handshake.hash)).toBe(kk.handshakeHash);
  const { send, receive } = await handshake.split();
  for (const { text, sealed } of kk.toHost) expect(encodeBase64Url(await send.seal(new TextEncoder().encode(text)))).toBe(sealed);
  for (const { text, sealed } of kk.toExtension) expect(new TextDecoder().decode(await receive.open(decodeBase64Url(sealed)))).toBe(text);
});

test.each(["XX", "KK"] as const)("%s: a host's answer with any byte changed fails", async (pattern) => {
  const { message: answer } = message(pattern, 1);
  for (let at = 0; at < answer.length; at += 1) await expect((await asked(pattern)).read(flipped(answer, at)), `byte ${at}`).rejects.toThrow();
});

test.each(["XX", "KK"] as const)("%s: a host's answer that is cut off or goes on fails", async (pattern) => {
  const { message: answer } = message(pattern, 1);
  for (const length of [0, 1, 31, 32, 47, answer.length - 1]) await expect((await asked(pattern)).read(answer.slice(0, length)), `${length} bytes`).rejects.toThrow();
  await expect((await asked(pattern)).read(new Uint8Array([...answer, 0]))).rejects.toThrow();
});

test.each(["XX", "KK"] as const)("%s: an answer to another origin, or another family, fails", async (pattern) => {
  for (const origin of ["chrome-extension://bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/", `moz-extension:${vectors.origin}`]) {
    const handshake = await asked(pattern, { prologue: prologueOf(origin) });
    await expect(handshake.read(message(pattern, 1).message)).rejects.toThrow();
  }
});

test("KK: the answer of a host with another key fails", async () => {
  const handshake = await asked("KK", { theirs: decodeBase64Url(xx.responderEphemeral.public) });

  await expect(handshake.read(message("KK", 1).message)).rejects.toThrow();
});

test("a public key of low order is refused", async () => {
  const { message: answer } = message("XX", 1);
  const lowOrder = new Uint8Array([...new Uint8Array(32), ...answer.slice(32)]);

  await expect((await asked("XX")).read(lowOrder)).rejects.toThrow();
});

test("a handshake that is not done gives no keys, and one that is takes no more messages", async () => {
  const handshake = await asked("KK");
  await expect(handshake.split()).rejects.toThrow();
  await handshake.read(message("KK", 1).message);
  await expect(handshake.read(message("KK", 1).message)).rejects.toThrow();
});

test("the other side's key goes with KK alone", async () => {
  const own = await keyPair(xx.initiatorStatic);

  await expect(Initiator.begin({ pattern: "KK", prologue: new Uint8Array(0), own })).rejects.toThrow(TypeError);
  await expect(Initiator.begin({ pattern: "XX", prologue: new Uint8Array(0), own, theirs: own.publicKey })).rejects.toThrow(TypeError);
});

test("sealing twice at once gives two counters", async () => {
  const [first, second] = [await CipherState.of(new Uint8Array(32)), await CipherState.of(new Uint8Array(32))];
  const plain = new Uint8Array(5);
  const [a, b] = await Promise.all([first.seal(plain), first.seal(plain)]);

  expect(a).not.toEqual(b);
  expect(await second.open(a)).toEqual(plain);
  expect(await second.open(b)).toEqual(plain);
});
