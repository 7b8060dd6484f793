import { createHash, createPublicKey } from "node:crypto";
import { expect, test } from "vitest";

import { DEVELOPMENT_ID, manifest } from "../manifest.mjs";

const BUILDS = ["chromium", "firefox"].flatMap((browser) => [true, false].map((release) => ({ browser, release })));

test.each(BUILDS)("$browser, release $release: asks for nativeMessaging and nothing else, and lets nobody in", ({ browser, release }) => {
  const built = manifest(browser, { release });

  expect(built.permissions).toEqual(["nativeMessaging"]);
  for (const member of ["host_permissions", "optional_permissions", "content_scripts", "externally_connectable", "web_accessible_resources"]) expect(built).not.toHaveProperty(member);
});

test.each(BUILDS)("$browser, release $release: pages run their own scripts only and reach nothing else", ({ browser, release }) => {
  const policy = manifest(browser, { release }).content_security_policy.extension_pages;

  expect(policy).toMatch(/^default-src 'none';/);
  expect(policy).not.toMatch(/unsafe|http|connect-src|\*/);
});

test("the development id is that of the development key, an RSA key of 2048 bits", () => {
  const der = Buffer.from(manifest("chromium", { release: false }).key, "base64");
  const digest = createHash("sha256").update(der).digest("hex").slice(0, 32);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });

  expect(digest.replace(/./g, (digit) => String.fromCharCode(97 + parseInt(digit, 16)))).toBe(DEVELOPMENT_ID);
  expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
});

test("a release has no key, and an add-on id that is not the development one", () => {
  expect(manifest("chromium", { release: true })).not.toHaveProperty("key");
  expect(manifest("firefox", { release: true }).browser_specific_settings.gecko.id).toBe("companion@strongroom.io");
  expect(manifest("firefox", { release: false }).browser_specific_settings.gecko.id).toBe("companion-dev@strongroom.io");
});
