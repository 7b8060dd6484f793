// The accounts that the companion makes from a seed, and which of them a key is.

import type { AlgorithmName, KeyInfo } from "./client/index.js";

export interface Chain {
  readonly name: "Ethereum" | "Bitcoin" | "Solana";
  readonly monogram: string;
  /** The first account: BIP 44, BIP 84, and the path that Solana's wallets share. */
  readonly path: string;
  readonly alg: AlgorithmName;
  /** How messages are signed: ERC-191, BIP 322 simple, Solana's off-chain form. */
  readonly format: string;
}

export const CHAINS: readonly Chain[] = [
  { name: "Ethereum", monogram: "ETH", path: "m/44'/60'/0'/0/0", alg: "ES256K", format: "eip191" },
  { name: "Bitcoin", monogram: "BTC", path: "m/84'/0'/0'/0/0", alg: "ES256K", format: "bip322" },
  { name: "Solana", monogram: "SOL", path: "m/44'/501'/0'/0'", alg: "Ed25519", format: "solana" },
];

/** `m`, purpose and coin: what a path has in common with the other accounts of its chain. */
function stem(path: string): string {
  return path.replaceAll("h", "'").split("/").slice(0, 3).join("/");
}

/** The chain that `key` is an account of, if it is one of those the companion knows. */
export function chainOf(key: KeyInfo): Chain | undefined {
  const path = key.derivedFrom?.path;
  return path === undefined || key.address === undefined ? undefined : CHAINS.find((chain) => chain.alg === key.alg && stem(chain.path) === stem(path));
}

/** Seeds that can still be used or confirmed, the oldest first. */
export function seedsOf(keys: readonly KeyInfo[]): KeyInfo[] {
  return keys
    .filter(({ alg, state }) => (alg === "BIP39" || alg === "SEED") && (state === "active" || state === "unconfirmed"))
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt));
}

/** The chains of which `seed` has no account yet. */
export function missingChains(seed: KeyInfo, keys: readonly KeyInfo[]): Chain[] {
  const present = new Set(keys.filter(({ derivedFrom }) => derivedFrom?.keyId === seed.keyId).map((key) => chainOf(key)?.name));
  return CHAINS.filter(({ name }) => !present.has(name));
}
