// Holds the one connection to the host and answers the popup. It holds no secret, and nothing that may not be lost:
// the browser may stop it whenever no port is open.

import { Host, indexedDbPairings } from "./client/index.js";
import { parseAction, type Snapshot } from "./messages.js";
import { Wallet } from "./wallet.js";

const popups = new Set<chrome.runtime.Port>();

function publish(snapshot: Snapshot): void {
  for (const popup of popups) popup.postMessage(snapshot);
}

const host = new Host({
  client: { name: "Strongroom companion", version: chrome.runtime.getManifest().version },
  pairings: indexedDbPairings,
  onEvent: (type) => void wallet.hear(type),
  onClosed: (error) => {
    wallet.lose(error);
  },
});
const wallet: Wallet = new Wallet(host, publish);

/** Pages of this extension only. It has no content scripts and is not externally connectable; this holds should either change. */
function isOwnPage(sender: chrome.runtime.MessageSender | undefined): boolean {
  return sender?.id === chrome.runtime.id && sender.url?.startsWith(chrome.runtime.getURL("/")) === true;
}

chrome.runtime.onConnect.addListener((popup) => {
  if (!isOwnPage(popup.sender)) {
    popup.disconnect();
    return;
  }
  popups.add(popup);
  popup.onDisconnect.addListener(() => popups.delete(popup));
  popup.onMessage.addListener((message: unknown) => {
    const action = parseAction(message);
    if (action !== undefined) void wallet.act(action);
  });
  popup.postMessage(wallet.snapshot);
  void wallet.act({ name: "refresh" });
});
