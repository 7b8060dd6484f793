// The popup: shows what the background knows and sends it what the person asked for. It never starts a host of its own.

import type { Action, Snapshot } from "../messages.js";
import { ownOrigin } from "../client/index.js";
import { announcement, draw, type Commands } from "./screens.js";
import { viewOf, type Draft, type View } from "./view.js";

const self = { origin: ownOrigin(), development: DEVELOPMENT_BUILD };
let snapshot: Snapshot | undefined;
let draft: Draft | undefined;
let shown = "";
let shownKind = "";

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found;
}

/** The background may be stopped and started by the browser; the popup then finds it again. */
function connect(): chrome.runtime.Port {
  const port = chrome.runtime.connect({ name: "popup" });
  port.onMessage.addListener((message: unknown) => {
    const news = message as Snapshot;
    if (snapshot === undefined) draft = pendingDraft(news);
    snapshot = news;
    paint();
  });
  port.onDisconnect.addListener(() => {
    setTimeout(() => {
      background = connect();
    }, 250);
  });
  return port;
}

let background = connect();

/** The message of a signing that was asked for before this popup opened: browsers close a popup when another window comes up. */
function pendingDraft({ task, notice }: Snapshot): Draft | undefined {
  const action = task?.action ?? (notice?.kind === "problem" ? notice.action : undefined);
  return action?.name === "signMessage" ? { keyId: action.keyId, text: action.text } : undefined;
}

function act(action: Action): void {
  background.postMessage(action);
}

function dismiss(): void {
  if (snapshot?.notice !== undefined) act({ name: "dismiss" });
}

const commands: Commands = {
  act,
  copy(text, source) {
    const label = source.textContent;
    const say = (outcome: string): void => {
      source.textContent = outcome;
      element("announce").textContent = outcome;
      setTimeout(() => {
        source.textContent = label;
      }, 1_500);
    };
    navigator.clipboard.writeText(text).then(
      () => {
        say("Copied");
      },
      () => {
        say("Not copied");
      },
    );
  },
  compose(keyId) {
    dismiss();
    draft = { keyId, text: "" };
    paint();
  },
  write(text) {
    if (draft !== undefined && draft !== "forget") draft = { ...draft, text };
    shown = JSON.stringify(viewOf(snapshot, draft, self)); // the field shows it already
  },
  leave() {
    draft = undefined;
    dismiss();
    paint();
  },
  pair() {
    act({ name: "pair" });
    void showInWindow();
  },
  askToForget() {
    draft = "forget";
    paint();
  },
};

/** Browsers close a popup when another window comes up. The code has to be seen beside that window, so it gets one of its own. */
async function showInWindow(): Promise<void> {
  if ((await chrome.tabs.getCurrent()) !== undefined) return;
  await chrome.windows.create({ url: "popup.html", type: "popup", width: 400, height: 620 });
  window.close();
}

/** Draws anew only what changed, so that focus, selection and scroll stay where the person has them. */
function paint(): void {
  const view = viewOf(snapshot, draft, self);
  const key = JSON.stringify(view);
  if (key === shown) return;
  shown = key;
  const main = element("main");
  main.replaceChildren(...draw(view, commands));
  frame(view);
  element("announce").textContent = announcement(view);
  if (view.screen.kind === shownKind) return;
  shownKind = view.screen.kind;
  main.scrollTop = 0;
  (main.querySelector("textarea") ?? main.querySelector<HTMLElement>("h1"))?.focus();
}

/** Header and footer. */
function frame({ chip, canLock, hostVersion, paired, screen }: View): void {
  const state = element("chip");
  state.hidden = chip === undefined;
  state.textContent = chip ?? "";
  state.dataset["state"] = chip;
  element("lock").hidden = !canLock;
  const kept = paired ? "Paired with" : "Keys are kept by";
  element("footer").textContent = hostVersion === undefined || screen.kind === "help" ? "" : `${kept} Strongroom ${hostVersion} on this computer.`;
}

element("lock").addEventListener("click", () => {
  act({ name: "lock" });
});
paint();
