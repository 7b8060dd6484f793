"use strict";
// Tells a test what this browser does with a native host. Callbacks of Chromium and promises of Firefox meet in `runtime`.
const runtime = (globalThis.browser ?? globalThis.chrome).runtime;
const lastError = (port) => (port.error ? port.error.message : (globalThis.chrome.runtime.lastError?.message ?? null));

/** Opens a port and posts `posts`; ends with the port, or as soon as `enough` messages have come, and says what was seen. */
globalThis.converse = (name, posts, enough) =>
  new Promise((resolve) => {
    const seen = { messages: [], closed: false, error: null, thrown: null };
    const port = runtime.connectNative(name);
    port.onMessage.addListener((message) => {
      seen.messages.push(message);
      if (seen.messages.length === enough) {
        port.disconnect();
        resolve(seen);
      }
    });
    port.onDisconnect.addListener((closed) => {
      seen.closed = true;
      seen.error = lastError(closed);
      try {
        port.postMessage({});
      } catch (error) {
        seen.thrown = error.message;
      }
      resolve(seen);
    });
    for (const message of posts) port.postMessage(message);
  });

/** Posts a message of `size` bytes of JSON; the text that was thrown, or nothing, and what came back to a small one after it. */
globalThis.postLarge = (name, size) =>
  new Promise((resolve) => {
    const port = runtime.connectNative(name);
    let thrown = null;
    try {
      port.postMessage("x".repeat(size - 2));
    } catch (error) {
      thrown = error.message;
    }
    port.onMessage.addListener((message) => {
      port.disconnect();
      resolve({ thrown, after: message.result });
    });
    port.postMessage({ id: 1 });
  });

document.getElementById("button").addEventListener("click", (event) => {
  const text = document.getElementById("field").value;
  document.getElementById("copy").textContent = event.isTrusted ? text : "not a person's click";
});
