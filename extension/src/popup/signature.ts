// A signature in the text form that the tools of its chain take.

import { decodeBase64Url, type Base64Url } from "../client/index.js";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** The text of `signature`, and the name of its encoding. */
export function signatureText(format: string, signature: Base64Url): { readonly text: string; readonly encoding: string } {
  const bytes = decodeBase64Url(signature);
  switch (format) {
    case "eip191":
      return { text: `0x${hex(bytes)}`, encoding: "Hex (ERC-191)" };
    case "bip322":
      return { text: btoa(String.fromCharCode(...bytes)), encoding: "Base64 (BIP 322)" };
    case "solana":
      return { text: base58(bytes), encoding: "Base58 (Ed25519)" };
    default:
      return { text: signature, encoding: "Base64url" };
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Each leading zero byte is a leading `1`; the rest is one number in base 58. */
export function base58(bytes: Uint8Array): string {
  let number = bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`);
  let digits = "";
  for (; number > 0n; number /= 58n) digits = BASE58.charAt(Number(number % 58n)) + digits;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return "1".repeat(zeros === -1 ? bytes.length : zeros) + digits;
}
