// Builds dist/chromium and dist/firefox: `node build.mjs`, or `node build.mjs --release` for what goes to the stores.
// The output is not minified, so that what ships can be read beside its source.

import { build } from "esbuild";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { manifest } from "./manifest.mjs";

const release = process.argv.includes("--release");
const at = (path) => fileURLToPath(new URL(path, import.meta.url));

for (const browser of ["chromium", "firefox"]) {
  const out = at(`dist/${browser}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(`${out}/icons`, { recursive: true });
  await build({
    entryPoints: [at("src/background.ts"), at("src/popup/popup.ts")],
    entryNames: "[name]",
    outdir: out,
    bundle: true,
    format: "iife",
    target: browser === "chromium" ? "chrome120" : "firefox142",
    charset: "utf8",
    define: { DEVELOPMENT_BUILD: String(!release) },
    logLevel: "warning",
  });
  for (const file of ["popup.html", "popup.css"]) cpSync(at(`src/popup/${file}`), `${out}/${file}`);
  cpSync(at("icons/icon.svg"), `${out}/icons/icon.svg`);
  for (const size of [16, 32, 48, 128]) cpSync(at(`icons/icon-${size}.png`), `${out}/icons/icon-${size}.png`);
  writeFileSync(`${out}/manifest.json`, `${JSON.stringify(manifest(browser, { release }), null, 2)}\n`);
}
