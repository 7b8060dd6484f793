// The two manifests. What differs between the browsers, and between a development and a release build, stands here and nowhere else.

import { readFileSync } from "node:fs";

const { version, description } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/**
 * A public key whose private half was never kept: it fixes the id of unpacked Chromium builds, and signs nothing.
 * Anybody can load an extension under this id, so the host never trusts it by itself (`strongroom origins add --development`).
 */
const DEVELOPMENT_KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzFs7A3tT+saPV030Fspup2I0Bt1B6WZfdupw5Q6gff3LEC8y0efOLejkk94r9h+HJSDyj2jS8Wp54xgph6Lc+16IqXuslZPXF8a7S+0Wwokf2bJJpYzOP00JEWNm0uCbItAGumkbC0OaoSJXjrvKHDmRSPmG8CiLCNvq5R/QHzjhqFnOwO3E4zLVf8z9Wt9ieVNpGuCuD/8ny7/03uOYggeTd5r8WhOh+LhSk2g6HWHNjTZuld3cgFHvYp8CkMY+26vKHpMDoNmT5MlAlbz2DrFx0taA2DsCAd8N6Fhsd4RWVSf7t6Z4i6t20G9M59HnFzj6EudvUfUhyJS2ZbQPXwIDAQAB";
export const DEVELOPMENT_ID = "laehpkninkhmcfnihmfodffojiebmmgd";

const SIZES = [16, 32, 48, 128];
const ICONS = Object.fromEntries(SIZES.map((size) => [size, `icons/icon-${size}.png`]));
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The manifest of one build: `browser` is "chromium" or "firefox". A release carries no `key`: the store decides its id. */
export function manifest(browser, { release }) {
  return {
    manifest_version: 3,
    name: release ? "Strongroom" : "Strongroom (development)",
    version,
    description,
    icons: ICONS,
    action: { default_popup: "popup.html", default_title: "Strongroom", default_icon: ICONS },
    permissions: ["nativeMessaging"],
    content_security_policy: { extension_pages: POLICY },
    ...(browser === "chromium" ? chromium(release) : firefox(release)),
  };
}

function chromium(release) {
  return {
    ...(!release && { key: DEVELOPMENT_KEY }),
    minimum_chrome_version: "120",
    background: { service_worker: "background.js" },
  };
}

function firefox(release) {
  return {
    background: { scripts: ["background.js"] },
    browser_specific_settings: {
      gecko: {
        id: release ? "companion@strongroom.io" : "companion-dev@strongroom.io",
        strict_min_version: "142.0",
        data_collection_permissions: { required: ["none"] },
      },
    },
  };
}
