// Bytes on the wire: base64url without padding (RFC 4648 section 5).

import type { Base64Url } from "./protocol.js";

/** Bytes with a buffer of their own, as WebCrypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function encodeBase64Url(bytes: Uint8Array): Base64Url {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Throws if `text` is not the one canonical base64url text of some bytes. */
export function decodeBase64Url(text: Base64Url): Bytes {
  const bytes = /^[\w-]*$/.test(text) && text.length % 4 !== 1 ? Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)) : undefined;
  if (bytes === undefined || encodeBase64Url(bytes) !== text) throw new TypeError("not base64url without padding");
  return bytes;
}
