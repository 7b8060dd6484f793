// From a view to elements. What a screen does goes out through `Commands`; nothing here knows of the browser or the host.

import { button, h, type Child } from "./dom.js";
import type { Account, Group, Screen, View } from "./view.js";
import { TOO_OLD, type Help } from "./words.js";
import type { Action } from "../messages.js";

export interface Commands {
  readonly act: (action: Action) => void;
  readonly copy: (text: string, source: HTMLButtonElement) => void;
  readonly compose: (keyId: string) => void;
  readonly write: (text: string) => void;
  readonly leave: () => void;
  readonly pair: () => void;
  /** Asks first whether to forget the pairing. */
  readonly askToForget: () => void;
}

type Of<K extends Screen["kind"]> = Extract<Screen, { kind: K }>;

function copyButton(text: string, what: string, { copy }: Commands): HTMLButtonElement {
  const element = button("quiet", "Copy", () => {
    copy(text, element);
  }, { label: `Copy ${what}` }); // prettier-ignore
  return element;
}

function heading(text: string): HTMLElement {
  return h("h1", { focusable: true }, text);
}

function steps({ steps = [] }: Help, commands: Commands): Child {
  if (steps.length === 0) return undefined;
  const items = steps.map(({ text, command }) =>
    h("li", {}, h("span", {}, text), command === undefined ? undefined : h("div", { class: "command" }, h("code", {}, command), copyButton(command, "the command", commands))),
  );
  return h(steps.length === 1 ? "ul" : "ol", { class: "steps" }, ...items);
}

function help({ help: words }: Of<"help">, commands: Commands): Child[] {
  const again = button("primary", "Try again", () => {
    commands.act({ name: "refresh" });
  });
  const forget = words.forget === true ? button("secondary", "Forget pairing", commands.askToForget) : undefined;
  const said = words.danger === true ? [h("div", { class: "danger", role: "alert" }, heading(words.title), h("p", {}, words.text))] : [heading(words.title), h("p", {}, words.text)];
  return [...said, steps(words, commands), h("div", { class: "actions" }, again, forget)];
}

function connecting(): Child[] {
  return [h("div", { class: "centre" }, h("div", { class: "spinner", hidden: true }), h("p", { class: "muted" }, "Connecting to Strongroom…"))];
}

function setup({ act }: Commands): Child[] {
  return welcome("Set up Strongroom", "Your keys will live in a program on this computer. The browser only asks it, and never gets to see a key.", [
    "Strongroom opens its own window, where you choose a passphrase.",
    "Passphrases and recovery words are typed only there. This extension has no field for them and never will.",
  ], button("primary", "Set up", () => { act({ name: "unlock" }); })); // prettier-ignore
}

function locked({ act }: Commands): Child[] {
  return welcome("Locked", "Strongroom asks for your passphrase in its own window.", [], button("primary", "Unlock", () => { act({ name: "unlock" }); })); // prettier-ignore
}

function empty({ act }: Commands): Child[] {
  return welcome(
    "No wallet yet",
    "A wallet grows from recovery words. You see and type them only in the Strongroom window.",
    [],
    button("primary", "Create a new wallet", () => {
      act({ name: "createWallet" });
    }),
    button("secondary", "Restore from recovery words", () => {
      act({ name: "restoreWallet" });
    }),
  );
}

function pairButton(commands: Commands, style: "primary" | "secondary"): HTMLButtonElement {
  return button(style, "Pair", commands.pair);
}

function pair(commands: Commands): Child[] {
  return welcome("Pair with Strongroom", "Strongroom answers only paired extensions, and this browser keeps no pairing.", [
    "Strongroom shows a code in its own window, and this extension shows one, too.",
    "Compare them. If they differ, refuse there: something else stands in between.",
  ], pairButton(commands, "primary")); // prettier-ignore
}

/** Digit by digit, for a screen reader. */
function spoken(code: string): string {
  return Array.from(code.replace(" ", "")).join(" ");
}

/** The code in two groups. */
function codeOf(code: string): HTMLElement {
  return h("p", { class: "code", role: "group", label: spoken(code) }, ...code.split(" ").map((digits) => h("span", {}, digits)));
}

function paired({ code }: Of<"paired">, { leave, askToForget }: Commands): Child[] {
  return [
    h(
      "div",
      { class: "centre" },
      heading("Paired"),
      h("p", {}, "You confirmed this code in Strongroom’s own window:"),
      codeOf(code),
      h("p", { class: "muted" }, "From now on nothing in between can read or change what they say to each other."),
    ),
    callOut("Was it another code, or did you not confirm it there?", button("secondary", "Forget pairing", askToForget)),
    h("div", { class: "actions" }, button("primary", "Done", leave)),
  ];
}

function forget({ act, leave }: Commands): Child[] {
  const sure = button("danger", "Forget pairing", () => {
    leave();
    act({ name: "forgetPairing" });
  });
  return [
    heading("Forget this pairing?"),
    h("p", {}, "This extension then takes whatever program answers for Strongroom, until you pair again. Your keys and accounts stay as they are."),
    h("p", {}, "If you do not know why the pairing no longer fits, keep it, and ask somebody you trust."),
    h("div", { class: "actions pair" }, button("secondary", "Keep it", leave), sure),
  ];
}

/** What stands above the wallet until it is paired. */
function offer(kind: NonNullable<View["offer"]>, commands: Commands): HTMLElement {
  return kind === "offered"
    ? h("div", { class: "callout offer" }, h("p", {}, h("strong", {}, "Pair with Strongroom"), " so that nothing can stand between it and this extension."), pairButton(commands, "secondary"))
    : h("p", { class: "callout offer" }, TOO_OLD);
}

function backup({ keyId }: Of<"backup">, { act }: Commands): Child[] {
  return welcome(
    "Back up your recovery words",
    "Your new wallet waits until you have written its words on paper and typed them back in the Strongroom window. Without them a lost computer is a lost wallet.",
    [],
    button("primary", "Back up now", () => {
      act({ name: "confirmBackup", keyId });
    }),
  );
}

function welcome(title: string, text: string, points: readonly string[], ...buttons: readonly HTMLButtonElement[]): Child[] {
  const picture = h("img", { class: "hero" });
  picture.src = "icons/icon.svg";
  picture.alt = "";
  const list = points.length === 0 ? undefined : h("ul", { class: "points" }, ...points.map((point) => h("li", {}, point)));
  return [h("div", { class: "welcome" }, picture, heading(title), h("p", {}, text), list), h("div", { class: "actions" }, ...buttons)];
}

function badge({ chain, monogram }: Account): HTMLElement {
  return h("span", { class: `badge ${chain.toLowerCase()}`, hidden: true }, monogram);
}

function name({ chain, label }: Account): string {
  return label === chain ? chain : `${label} (${chain})`;
}

function identity(account: Account): HTMLElement {
  const title = h("div", { class: "title" }, h("h2", {}, name(account)), h("span", { class: "path" }, account.path));
  return h("div", { class: "row" }, badge(account), title);
}

function card(account: Account, commands: Commands): HTMLElement {
  const sign = button("secondary", "Sign a message", () => {
    commands.compose(account.keyId);
  }, { label: `Sign a message with ${name(account)}` }); // prettier-ignore
  return h(
    "li",
    { class: "card" },
    identity(account),
    h("p", { class: "address" }, account.address),
    h("div", { class: "row end" }, copyButton(account.address, `the ${name(account)} address`, commands), account.canSign ? sign : undefined),
  );
}

function group({ title, accounts }: Group, commands: Commands): HTMLElement {
  const cards = h("ul", { class: "cards", role: "list" }, ...accounts.map((account) => card(account, commands)));
  return h("section", title === undefined ? {} : { label: title }, title === undefined ? undefined : h("h3", {}, title), cards);
}

function callOut(text: string, action: HTMLButtonElement): HTMLElement {
  return h("div", { class: "callout" }, h("p", {}, text), action);
}

function accounts({ groups, others, incomplete, unconfirmed }: Of<"accounts">, commands: Commands): Child[] {
  const back = (keyId: string): HTMLButtonElement => button("secondary", "Back up now", () => { commands.act({ name: "confirmBackup", keyId }); }); // prettier-ignore
  const add = (keyId: string): HTMLButtonElement => button("secondary", "Add accounts", () => { commands.act({ name: "addAccounts", keyId }); }); // prettier-ignore
  return [
    heading("Accounts"),
    unconfirmed === undefined ? undefined : callOut("One wallet waits for you to back up its recovery words.", back(unconfirmed)),
    incomplete === undefined ? undefined : callOut("Some accounts of this wallet have not been made yet.", add(incomplete)),
    ...groups.map((one) => group(one, commands)),
    others.length === 0 ? undefined : h("section", { label: "Other keys" }, h("h3", {}, "Other keys"), h("ul", { class: "others" }, ...others.map((other) => h("li", {}, other)))),
  ];
}

function compose({ account, text }: Of<"compose">, { act, write, leave }: Commands): Child[] {
  const field = h("textarea", { id: "message", describedBy: "message-hint" });
  field.value = text;
  field.rows = 5;
  field.maxLength = 10_000;
  field.spellcheck = false;
  const sign = button("primary", "Sign", () => {
    act({ name: "signMessage", keyId: account.keyId, text: field.value });
  });
  sign.disabled = text === "";
  field.addEventListener("input", () => {
    write(field.value);
    sign.disabled = field.value === "";
  });
  const label = h("label", {}, "Message");
  label.htmlFor = field.id;
  return [
    heading("Sign a message"),
    signer(account, account.address),
    label,
    field,
    h("p", { class: "muted", id: "message-hint" }, "Strongroom signs only what you approve in its own window, or allowed there before."),
    h("div", { class: "actions pair" }, button("secondary", "Back", leave), sign),
  ];
}

function signer(account: Account | undefined, address: string): HTMLElement {
  return h("div", { class: "card" }, account && identity(account), h("p", { class: "address" }, address));
}

function waiting({ title, text, cancelling, quote, code }: Of<"waiting">, { act }: Commands): Child[] {
  const cancel = button("secondary", cancelling ? "Cancelling…" : "Cancel", () => {
    act({ name: "cancel" });
  });
  cancel.disabled = cancelling;
  return [
    h("div", { class: "centre" }, ...(code === undefined ? [h("div", { class: "spinner", hidden: true }), heading(title)] : [heading(title), codeOf(code)]), h("p", code === undefined ? { class: "muted" } : {}, text)),
    quote === undefined ? undefined : h("pre", { class: "quote", label: "Message" }, quote),
    h("div", { class: "actions" }, cancel),
  ];
}

function signed(screen: Of<"signed">, commands: Commands): Child[] {
  const copySignature = button("secondary", "Copy signature", () => {
    commands.copy(screen.signature, copySignature);
  });
  const done = button("primary", "Done", commands.leave);
  return [
    heading("Message signed"),
    signer(screen.account, screen.address),
    h("h3", {}, "Message"),
    h("pre", { class: "quote" }, screen.text),
    h("div", { class: "row between" }, h("h3", {}, "Signature"), h("span", { class: "muted small" }, screen.encoding)),
    h("p", { class: "signature" }, screen.signature),
    h("div", { class: "actions pair" }, copySignature, done),
  ];
}

function alert(words: Help, commands: Commands): HTMLElement {
  const close = button("quiet", "Dismiss", () => {
    commands.act({ name: "dismiss" });
  });
  return h("div", { class: "alert", role: "group", label: words.title }, h("div", { class: "row between" }, h("strong", {}, words.title), close), h("p", {}, words.text), steps(words, commands));
}

function body(screen: Screen, commands: Commands): Child[] {
  switch (screen.kind) {
    case "connecting":
      return connecting();
    case "help":
      return help(screen, commands);
    case "setup":
      return setup(commands);
    case "locked":
      return locked(commands);
    case "empty":
      return empty(commands);
    case "pair":
      return pair(commands);
    case "paired":
      return paired(screen, commands);
    case "forget":
      return forget(commands);
    case "backup":
      return backup(screen, commands);
    case "accounts":
      return accounts(screen, commands);
    case "compose":
      return compose(screen, commands);
    case "waiting":
      return waiting(screen, commands);
    case "signed":
      return signed(screen, commands);
  }
}

/** The content of `main` for `view`. */
export function draw(view: View, commands: Commands): Node[] {
  const warning = view.unattended ? h("p", { class: "unattended" }, "Approvals are answered by a program, not by you.") : undefined;
  const above = view.alert === undefined ? undefined : alert(view.alert, commands);
  const pairing = view.offer === undefined ? undefined : offer(view.offer, commands);
  return [warning, above, pairing, ...body(view.screen, commands)].filter((child): child is Node => child instanceof Node);
}

/** What a screen reader is told when `view` comes up. */
export function announcement({ screen, alert: words }: View): string {
  if (words !== undefined) return `${words.title}. ${words.text}`;
  if (screen.kind === "waiting") return [screen.title, screen.code && spoken(screen.code), screen.text].filter((part) => part !== undefined).join(". ");
  if (screen.kind === "help") return `${screen.help.title}. ${screen.help.text}`;
  return screen.kind === "connecting" ? "Connecting to Strongroom" : "";
}
