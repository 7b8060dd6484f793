import { expect, test } from "vitest";

import { ERROR_CODES, type ErrorReason } from "../src/client/protocol.js";
import type { Problem } from "../src/messages.js";
import { explain, explainEnd, waitingFor } from "../src/popup/words.js";

const development = { origin: "chrome-extension://abc/", development: true };
const release = { origin: "moz-extension:companion@strongroom.io", development: false };

function refusal(reason: ErrorReason | "unknown", more: Partial<Extract<Problem, { from: "host" }>> = {}): Problem {
  return { from: "host", reason, message: "A sentence of the host.", ...more };
}

function commands(problem: Problem, self = development): (string | undefined)[] {
  return explain(problem, self).steps?.map(({ command }) => command) ?? [];
}

test("every reason of the protocol has a title and a sentence of ours", () => {
  for (const reason of Object.keys(ERROR_CODES) as ErrorReason[]) {
    const { title, text } = explain(refusal(reason), development);

    expect(title).not.toBe("");
    expect(text).not.toBe("");
    expect(text).not.toBe("A sentence of the host.");
  }
});

test("which limit, rule or observation refused is told as the host tells it", () => {
  for (const reason of ["policy_denied", "caller_changed"] as const) {
    expect(explain(refusal(reason), development).text).toMatch(/ Strongroom says: A sentence of the host\.$/);
  }
});

test("a reason that is new to us is told in the host's words", () => {
  expect(explain(refusal("unknown"), development).text).toBe("A sentence of the host.");
});

test("an origin that is not let in gets the exact command", () => {
  expect(commands(refusal("origin_not_allowed"))).toEqual(["strongroom origins add chrome-extension://abc/ --development"]);
  expect(commands(refusal("origin_not_allowed"), release)).toEqual(["strongroom origins add moz-extension:companion@strongroom.io"]);
});

test("a missing host gets the commands that install it and let this extension in", () => {
  const missing = { from: "connection", fault: "host_missing" } as const;

  expect(commands(missing)).toEqual(["pipx install strongroom", "strongroom origins add chrome-extension://abc/ --development", "strongroom install"]);
  expect(commands(missing, release)).toEqual(["pipx install strongroom", "strongroom origins add moz-extension:companion@strongroom.io", "strongroom install"]);
});

test("a version mismatch says which part to update", () => {
  expect(explain({ from: "connection", fault: "host_too_old" }, development).title).toBe("Update the Strongroom program");
  expect(explain({ from: "connection", fault: "extension_too_old" }, development).title).toBe("Update this extension");
});

test.each([
  [1, "1 second."],
  [30, "30 seconds."],
  [100, "2 minutes."],
])("a wait of %d seconds is told as %s", (retryAfterSeconds, words) => {
  expect(explain(refusal("busy", { retryAfterSeconds }), development).text).toContain(words);
});

test.each(["wrong_host", "pairing_unknown", "channel_broken"] as const)("%s is loud, says that nothing is signed, and how to find out", (fault) => {
  const problem = { from: "connection", fault } as const;

  expect(explain(problem, development).danger).toBe(true);
  expect(explain(problem, development).text).toContain("nothing is signed");
  expect(commands(problem)).toContain("strongroom doctor");
});

test("only a pairing that does not fit can be forgotten", () => {
  const faults = ["wrong_host", "pairing_unknown", "pairing_unreadable", "channel_broken", "pairing_failed", "host_exited", "host_silent"] as const;

  expect(faults.filter((fault) => explain({ from: "connection", fault }, development).forget)).toEqual(["wrong_host", "pairing_unknown", "pairing_unreadable"]);
});

test("a refused pairing says what it means if the codes differed", () => {
  const { title, text, steps } = explainEnd({ name: "pair" }, refusal("user_rejected"), development);

  expect(title).toBe("Pairing refused");
  expect(text).toContain("If the two codes differed, something stands between");
  expect(steps?.map(({ command }) => command)).toEqual(["strongroom doctor"]);
});

test("a signature whose channel broke is not claimed to be undone", () => {
  const problem = { from: "connection", fault: "channel_broken" } as const;

  expect(explainEnd({ name: "signMessage", keyId: "k", text: "a" }, problem, development).text).toContain("It is not known whether the message was signed");
});

test("while the codes are compared it is said where, and what to do if they differ", () => {
  expect(waitingFor({ name: "pair" }, false, "1234 5678")).toEqual({
    title: "Compare this with the code in Strongroom’s own window",
    text: "If they differ, refuse there. If they are the same, confirm there.",
  });
});

test("an incident is named, for the log", () => {
  expect(explain(refusal("internal", { incident: "7f3a" }), development).text).toContain("7f3a");
});

test("a host without a display says so", () => {
  expect(explain(refusal("backend_unavailable", { detail: "approver" }), development).title).toBe("Strongroom cannot show its window");
});
