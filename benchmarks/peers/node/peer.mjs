// What browser wallets compute with today, in their own process. A line of standard input is a question, one of standard
// output its answer: {"list": true} names the operations; {"name": …, "times": n} is answered with the median microseconds of one run.
import readline from "node:readline";
import { randomBytes } from "node:crypto";
import { gcm, cbc, ctr, ecb, aeskw } from "@noble/ciphers/aes.js";
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { ed448, x448 } from "@noble/curves/ed448.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { HDKey } from "@scure/bip32";

const WARM_UP_MILLISECONDS = 200;
const DATA = new Uint8Array(32).fill(42);
const PATH = "m/44'/60'/0'/0/7";
const bytes = (length) => new Uint8Array(randomBytes(length));
const operations = {};

function signs(alg, { secret, publicKey }, sign, verify) {
  const signature = sign(DATA, secret);
  operations[`${alg} sign`] = () => sign(DATA, secret);
  operations[`${alg} verify`] = () => verify(signature, DATA, publicKey);
}

function pair(curve) {
  const { secretKey, publicKey } = curve.keygen();
  return { secret: secretKey, publicKey };
}

for (const [alg, curve] of Object.entries({ ES256K: secp256k1, BIP340: schnorr, Ed25519: ed25519, Ed448: ed448, ES256: p256, ES384: p384, ES512: p521 }))
  signs(alg, pair(curve), curve.sign, curve.verify);
const recovered = { prehash: false, format: "recovered" };
signs("ES256K-R", pair(secp256k1), (data, secret) => secp256k1.sign(data, secret, recovered), (signature, data, key) => secp256k1.verify(signature, data, key, recovered));
const bls = bls12_381.longSignatures;
const tag = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
signs("BLS12381G2", pair(bls), (data, secret) => bls.sign(bls.hash(data, tag), secret), (signature, data, key) => bls.verify(signature, bls.hash(data, tag), key));
for (const [alg, scheme] of Object.entries({ "ML-DSA-44": ml_dsa44, "ML-DSA-65": ml_dsa65, "ML-DSA-87": ml_dsa87 }))
  signs(alg, pair(scheme), scheme.sign, scheme.verify);

for (const [size, hash] of Object.entries({ 256: sha256, 384: sha384, 512: sha512 })) {
  const secret = bytes(size / 8);
  operations[`HS${size} sign`] = () => hmac(hash, secret, DATA);
}
for (const [alg, curve] of Object.entries({ X25519: x25519, X448: x448, "ECDH-P256": p256, "ECDH-P384": p384, "ECDH-P521": p521 })) {
  const { secret } = pair(curve);
  const { publicKey } = pair(curve);
  operations[`${alg} agree`] = () => curve.getSharedSecret(secret, publicKey);
}
for (const [alg, scheme] of Object.entries({ "ML-KEM-768": ml_kem768, "ML-KEM-1024": ml_kem1024 })) {
  const { secret, publicKey } = pair(scheme);
  const { cipherText } = scheme.encapsulate(publicKey);
  operations[`${alg} encapsulate`] = () => scheme.encapsulate(publicKey);
  operations[`${alg} decapsulate`] = () => scheme.decapsulate(cipherText, secret);
}

function encrypts(alg, keyLength, nonceLength, cipher) {
  const key = bytes(keyLength);
  const nonce = bytes(nonceLength);
  const ciphertext = cipher(key, nonce).encrypt(DATA);
  operations[`${alg} encrypt`] = () => cipher(key, bytes(nonceLength)).encrypt(DATA);
  operations[`${alg} decrypt`] = () => cipher(key, nonce).decrypt(ciphertext);
}
for (const size of [128, 192, 256]) {
  encrypts(`A${size}GCM`, size / 8, 12, gcm);
  encrypts(`A${size}CBC`, size / 8, 16, cbc);
  encrypts(`A${size}CTR`, size / 8, 16, ctr);
  encrypts(`A${size}ECB`, size / 8, 0, (key) => ecb(key));
  encrypts(`A${size}KW`, size / 8, 0, (key) => aeskw(key));
  for (const [from, to] of [["encrypt", "wrap"], ["decrypt", "unwrap"]]) {
    operations[`A${size}KW ${to}`] = operations[`A${size}KW ${from}`];
    delete operations[`A${size}KW ${from}`];
  }
}
encrypts("C20P", 32, 12, chacha20poly1305);
encrypts("XC20P", 32, 24, xchacha20poly1305);

const seed = bytes(64);
operations["@scure/bip32: seed to key"] = () => HDKey.fromMasterSeed(seed).derive(PATH).privateKey;

const warm = new Set();
function median(work, times) {
  const samples = [];
  for (let run = 0; run < times; run++) {
    const started = process.hrtime.bigint();
    work();
    samples.push(Number(process.hrtime.bigint() - started) / 1000);
  }
  return samples.sort((a, b) => a - b)[samples.length >> 1];
}

function answer({ list, name, times }) {
  if (list) return { names: Object.keys(operations), versions: process.version };
  const work = operations[name];
  if (!warm.has(name)) {
    warm.add(name);
    for (const until = performance.now() + WARM_UP_MILLISECONDS; performance.now() < until; ) work();
  }
  return { each: median(work, times) };
}

for await (const line of readline.createInterface({ input: process.stdin })) console.log(JSON.stringify(answer(JSON.parse(line))));
