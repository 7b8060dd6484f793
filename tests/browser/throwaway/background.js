"use strict";
// Says which life of the background this is, and holds a port to a native host as a wallet does.
const { runtime } = globalThis.browser ?? globalThis.chrome;
const life = crypto.randomUUID();
let port = null;

runtime.onMessage.addListener((message, sender, reply) => {
  if (message.connect) {
    port = runtime.connectNative(message.connect);
    port.onMessage.addListener(() => reply(life));
    port.postMessage({ id: 1 });
    return true;
  }
  reply(life);
  return false;
});
