// This extension's own origin, as the protocol writes it and `strongroom origins add` takes it.

export function ownOrigin(): string {
  const { id } = chrome.runtime;
  return chrome.runtime.getURL("/").startsWith("moz-extension:") ? `moz-extension:${id}` : `chrome-extension://${id}/`;
}
