// This extension's own origin, as the protocol writes it and `strongroom origins add` takes it.

export function ownOrigin(): string {
  const { id } = chrome.runtime;
  return chrome.runtime.getURL("/").startsWith("moz-extension:") ? `moz-extension:${id}` : `chrome-extension://${id}/`;
}

/** Whether `origin`, which a host told, is ours. Outside a browser, in tests of a wallet, nobody can say, and the host is believed. */
export function isOwnOrigin(origin: string): boolean {
  return !("chrome" in globalThis) || origin === ownOrigin();
}
