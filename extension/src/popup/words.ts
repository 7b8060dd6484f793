// Every problem in plain words, with what to do next.

import type { ErrorReason, Fault } from "../client/index.js";
import type { Action, Problem } from "../messages.js";

export interface Step {
  readonly text: string;
  /** A command for the terminal, to copy. */
  readonly command?: string;
}

export interface Help {
  readonly title: string;
  readonly text: string;
  readonly steps?: readonly Step[];
  /** Somebody may be deceiving the person: it is told loudly. */
  readonly danger?: true;
  /** Forgetting the pairing is a way out. */
  readonly forget?: true;
}

/** Who we are, for the commands. */
export interface Self {
  readonly origin: string;
  readonly development: boolean;
}

function attach({ origin, development }: Self): string {
  return `strongroom origins add ${origin}${development ? " --development" : ""}`;
}

const DOCTOR: Step = { text: "Find out what is wrong, and how to mend it:", command: "strongroom doctor" };
const REGISTER: Step = { text: "Register it with your browsers:", command: "strongroom install" };
const LOOK_BACK: Step = { text: "See what was approved and done:", command: "strongroom audit show" };

/** What a browser without X25519 is told. */
export const TOO_OLD = "Pairing with Strongroom needs Chromium 133, Firefox 130, or newer. Update the browser; until then this extension works unpaired.";

const FAULTS: Record<Fault, (self: Self) => Help> = {
  host_missing: (self) => ({
    title: "Strongroom is not installed yet",
    text: "Your keys live in a program on this computer, not in the browser. This browser cannot find that program. In a terminal:",
    steps: [
      { text: "Install it:", command: "pipx install strongroom" },
      { text: "Let this extension in:", command: attach(self) },
      REGISTER,
    ],
  }),
  host_forbidden: (self) => ({
    title: "This extension is not registered",
    text: "Strongroom is installed, but this browser may not start it for this extension. In a terminal:",
    steps: [{ text: "Let this extension in:", command: attach(self) }, REGISTER],
  }),
  host_exited: () => ({
    title: "Strongroom has stopped",
    text: "The program that keeps your keys ended. Your keys stay sealed. Try again; if it keeps ending:",
    steps: [DOCTOR],
  }),
  host_silent: () => ({
    title: "Strongroom does not answer",
    text: "The program that keeps your keys runs but gave no answer. Try again; if that does not help:",
    steps: [DOCTOR],
  }),
  host_too_old: () => ({
    title: "Update the Strongroom program",
    text: "The program on this computer is older than this extension needs. In a terminal:",
    steps: [{ text: "Update it:", command: "pipx upgrade strongroom" }],
  }),
  extension_too_old: () => ({
    title: "Update this extension",
    text: "The Strongroom program on this computer is newer than this extension can talk to. Update the extension on your browser’s extensions page, then try again.",
  }),
  request_too_large: () => ({ title: "The message is too long", text: "It is larger than Strongroom takes in one request. Shorten it and try again." }),
  wrong_host: () => ({
    title: "This is not the Strongroom you paired with",
    text: "What answers in its place could not prove that it is. Nothing was asked of it, and nothing is signed.",
    steps: [DOCTOR, { text: "Only if you have set Strongroom up anew yourself: forget the pairing here, then pair again." }],
    danger: true,
    forget: true,
  }),
  pairing_unknown: () => ({
    title: "Strongroom does not know this pairing",
    text: "It was ended there, Strongroom was set up anew, or another program answers in its place. Until this is clear, nothing is signed.",
    steps: [
      { text: "See which pairings there are:", command: "strongroom pairings list" },
      { text: "If you did not end it yourself, find out what is wrong:", command: "strongroom doctor" },
      { text: "If you did, forget the pairing here, then pair again." },
    ],
    danger: true,
    forget: true,
  }),
  pairing_unreadable: () => ({
    title: "The pairing cannot be read",
    text: "This browser cannot read what it keeps of the pairing with Strongroom, so this extension asks nothing of it. Restart the browser and try again. If that does not help, forget the pairing here, then pair again.",
    forget: true,
  }),
  channel_broken: () => ({
    title: "Something was changed on the way",
    text: "What passes between this browser and Strongroom was changed, so both have stopped. Without your approval in Strongroom’s own window nothing is signed.",
    steps: [DOCTOR],
    danger: true,
  }),
  pairing_failed: () => ({
    title: "Pairing did not work",
    text: "What answered did not answer as Strongroom does. Nothing was paired. Try again; if that does not help:",
    steps: [DOCTOR],
  }),
  browser_too_old: () => ({ title: "This browser is too old to pair", text: TOO_OLD }),
  closed: () => ({ title: "Not connected", text: "The connection to Strongroom was closed. Try again." }),
};

type Refusal = Extract<Problem, { from: "host" }>;

const REFUSALS: Record<ErrorReason | "unknown", (self: Self, refusal: Refusal) => Help> = {
  user_rejected: () => ({ title: "Not approved", text: "It was denied, or its window was closed. Nothing was done." }),
  cancelled: () => ({ title: "Cancelled", text: "Nothing was done." }),
  origin_not_allowed: (self) => ({
    title: "This extension has no wallet yet",
    text: "Strongroom answers only extensions that you have let in. In a terminal:",
    steps: [{ text: "Let this extension in:", command: attach(self) }],
  }),
  policy_denied: (_, { message }) => ({ title: "Forbidden by a rule", text: `Nothing was done. Strongroom says: ${message}` }),
  not_paired: () => ({ title: "Not paired", text: "Strongroom answers this only to a paired extension, and this browser keeps no pairing. Unlock Strongroom, then pair." }),
  caller_changed: (_, { message }) => ({
    title: "Something about this browser changed",
    text: `The browser or this extension is not as Strongroom saw it before. If you did not just update one of them, be careful. Strongroom says: ${message}`,
    steps: [DOCTOR],
  }),
  unsupported: (_, { detail }) => ({
    title: "Not available here",
    text: `This version of the Strongroom program does not offer ${detail ?? "that"}. An update may bring it.`,
    steps: [{ text: "Update it:", command: "pipx upgrade strongroom" }],
  }),
  method_not_found: () => FAULTS.host_too_old({ origin: "", development: false }),
  locked: () => ({ title: "Locked", text: "Strongroom was locked in the meantime. Unlock it and try again." }),
  uninitialized: () => ({ title: "Not set up", text: "The set-up was not finished. Start it again when you are ready." }),
  unknown_key: () => ({ title: "The key is gone", text: "This key no longer exists in your wallet." }),
  key_state: () => ({ title: "The key cannot be used", text: "It is disabled or expired, or its recovery words have not been confirmed yet." }),
  usage_not_allowed: () => ({ title: "Not for this key", text: "This key was not made for that. Nothing was done." }),
  too_large: () => FAULTS.request_too_large({ origin: "", development: false }),
  busy: (_, { retryAfterSeconds = 1 }) => ({
    title: "Strongroom is busy",
    text: `Too much is waiting, or too much was asked at once. Try again in ${wait(retryAfterSeconds)}.`,
  }),
  cannot_unseal: () => ({
    title: "It did not open",
    text: "The passphrase was wrong, or the keystore was changed from outside; the two cannot be told apart. If you are sure of the passphrase:",
    steps: [{ text: "Check the keystore:", command: "strongroom audit verify" }],
  }),
  backend_unavailable: (_, { detail }) =>
    detail === "approver"
      ? { title: "Strongroom cannot show its window", text: "It found no display on which to ask you. Nothing was done.", steps: [DOCTOR] }
      : { title: "A part is missing", text: `Strongroom needs something that is not there now${detail === undefined ? "" : `: ${detail}`}.`, steps: [DOCTOR] },
  duplicate: () => ({ title: "Already there", text: "Your wallet already holds this key. Nothing was changed." }),
  decryption_failed: () => ({ title: "It could not be decrypted", text: "Nothing was done." }),
  internal: (_, { incident }) => ({
    title: "Something failed inside Strongroom",
    text: `Nothing was done. ${incident === undefined ? "" : `Its log names the incident ${incident}.`}`.trim(),
    steps: [DOCTOR],
  }),
  parse_error: misunderstanding,
  invalid_request: misunderstanding,
  invalid_params: misunderstanding,
  hello_required: misunderstanding,
  unknown: (_, { message }) => ({ title: "Strongroom refused", text: message === "" ? "It gave no reason that this extension knows." : message }),
};

function misunderstanding(): Help {
  return {
    title: "Extension and program do not match",
    text: "Strongroom did not understand this extension. Update this extension on your browser’s extensions page, and the program in a terminal:",
    steps: [{ text: "Update it:", command: "pipx upgrade strongroom" }],
  };
}

function wait(seconds: number): string {
  return seconds < 90 ? `${seconds} second${seconds === 1 ? "" : "s"}` : `${Math.ceil(seconds / 60)} minutes`;
}

/** What to tell about `problem`. */
export function explain(problem: Problem, self: Self): Help {
  if (problem.from === "connection") return FAULTS[problem.fault](self);
  if (problem.from === "host") return REFUSALS[problem.reason](self, problem);
  return { title: "Something went wrong", text: "This extension made a mistake. Nothing was asked of Strongroom. Try again." };
}

/** What to tell about `problem` that ended `action`. Whether it was done before a host ended is not known, and is not claimed. */
export function explainEnd(action: Action, problem: Problem, self: Self): Help {
  const help = explain(problem, self);
  if (action.name === "pair" && problem.from === "host" && problem.reason === "user_rejected") return REFUSED;
  if (action.name !== "signMessage" || problem.from !== "connection" || !["host_exited", "host_silent", "channel_broken"].includes(problem.fault)) return help;
  const text = "It is not known whether the message was signed before. If you had not approved it, it was not.";
  return { title: "Strongroom stopped before it answered", text, steps: [LOOK_BACK] };
}

const REFUSED: Help = {
  title: "Pairing refused",
  text: "It was refused in Strongroom’s own window, or that was closed. Nothing was paired. If the two codes differed, something stands between this browser and Strongroom:",
  steps: [DOCTOR],
};

/** Where the person must look while `action` waits. */
export function waitingFor(action: Action, settingUp: boolean, code?: string): { readonly title: string; readonly text: string } {
  const inWindow = "in the Strongroom window";
  switch (action.name) {
    case "unlock":
      return settingUp
        ? { title: `Choose a passphrase ${inWindow}`, text: "It protects your keys on this computer. It is typed only there." }
        : { title: `Unlock ${inWindow}`, text: "Your passphrase is typed only there, never in the browser." };
    case "createWallet":
    case "confirmBackup":
      return { title: `Back up your words ${inWindow}`, text: "Write your recovery words on paper and type them back there. They are never shown in the browser." };
    case "restoreWallet":
      return { title: `Type your words ${inWindow}`, text: "Recovery words are typed only there, never in the browser." };
    case "signMessage":
      return { title: "Waiting for your approval in the Strongroom window", text: "Read there what is really being signed, then approve or deny." };
    case "pair":
      return code === undefined
        ? { title: "One moment", text: "Strongroom is getting ready to pair." }
        : { title: "Compare this with the code in Strongroom’s own window", text: "If they differ, refuse there. If they are the same, confirm there." };
    default:
      return { title: "One moment", text: "Strongroom is working." };
  }
}
