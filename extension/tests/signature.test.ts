import { expect, test } from "vitest";

import { decodeBase64Url, encodeBase64Url } from "../src/client/index.js";
import { base58, signatureText } from "../src/popup/signature.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

// Test vectors of draft-msporny-base58-03, section 5.
test.each([
  [bytes("Hello World!"), "2NEpo7TZRRrLZSi2U"],
  [bytes("The quick brown fox jumps over the lazy dog."), "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"],
  [Uint8Array.of(0x00, 0x00, 0x28, 0x7f, 0xb4, 0xcd), "11233QC4"],
])("base58 of published vectors", (input, expected) => {
  expect(base58(input)).toBe(expected);
});

test("base58 of nothing is nothing, and of zeros is ones", () => {
  expect(base58(new Uint8Array())).toBe("");
  expect(base58(new Uint8Array(3))).toBe("111");
});

// RFC 4648, section 10, without padding.
test.each([
  ["", ""],
  ["f", "Zg"],
  ["fo", "Zm8"],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg"],
  ["fooba", "Zm9vYmE"],
  ["foobar", "Zm9vYmFy"],
])("base64url of %j", (text, encoded) => {
  expect(encodeBase64Url(bytes(text))).toBe(encoded);
  expect(decodeBase64Url(encoded)).toEqual(bytes(text));
});

test("base64url uses - and _", () => {
  expect(encodeBase64Url(Uint8Array.of(0xfb, 0xff, 0xfe))).toBe("-__-");
  expect(decodeBase64Url("-__-")).toEqual(Uint8Array.of(0xfb, 0xff, 0xfe));
});

test.each(["A", "AB", "AA==", "+_8", "//8", "A A", "AA\n", "é"])("%j is not canonical base64url", (text) => {
  expect(() => decodeBase64Url(text)).toThrow(TypeError);
});

test("each format has the text form of its chain", () => {
  const signature = encodeBase64Url(Uint8Array.of(0, 1, 0xff));

  expect(signatureText("eip191", signature).text).toBe("0x0001ff");
  expect(signatureText("bip322", signature).text).toBe("AAH/");
  expect(signatureText("solana", signature).text).toBe("19p");
  expect(signatureText("other", signature).text).toBe(signature);
});
