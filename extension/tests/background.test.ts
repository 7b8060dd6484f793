import { beforeEach, expect, test, vi } from "vitest";

type Listener<A extends unknown[]> = (...args: A) => void;

/** One event of the browser's API. */
class Signal<A extends unknown[]> {
  readonly #listeners: Listener<A>[] = [];
  addListener = (listener: Listener<A>): void => {
    this.#listeners.push(listener);
  };
  fire(...args: A): void {
    for (const listener of this.#listeners) listener(...args);
  }
}

class Port {
  readonly onMessage = new Signal<[unknown]>();
  readonly onDisconnect = new Signal<[Port]>();
  readonly received: unknown[] = [];
  disconnected = false;
  readonly sender: { id?: string; url?: string } | undefined;

  constructor(sender?: { id?: string; url?: string }) {
    this.sender = sender;
  }
  postMessage(message: unknown): void {
    this.received.push(message);
  }
  disconnect(): void {
    this.disconnected = true;
  }
}

let onConnect: Signal<[Port]>;
let hosts: Port[];

beforeEach(async () => {
  onConnect = new Signal();
  hosts = [];
  vi.stubGlobal("chrome", {
    runtime: {
      id: "own",
      lastError: undefined,
      onConnect,
      getManifest: () => ({ version: "0.1.0" }),
      getURL: (path: string) => `chrome-extension://own${path}`,
      connectNative: () => {
        const host = new Port();
        hosts.push(host);
        return host;
      },
    },
  });
  vi.resetModules();
  vi.doMock("../src/client/pairing-store.js", () => ({ indexedDbPairings: { load: () => Promise.resolve(undefined) } })); // Node has no IndexedDB
  await import("../src/background.js");
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function popup(sender: { id?: string; url?: string } = { id: "own", url: "chrome-extension://own/popup.html" }): Port {
  const port = new Port(sender);
  onConnect.fire(port);
  return port;
}

test("no host is started before a popup opens", () => {
  expect(hosts).toEqual([]);
});

test("several popups share one host, and each is told how things stand", async () => {
  const popups = [popup(), popup()];
  await settle();

  expect(hosts).toHaveLength(1);
  for (const { received } of popups) expect(received[0]).toMatchObject({ connection: "connecting" });
});

test.each([
  ["another extension", { id: "other", url: "chrome-extension://other/popup.html" }],
  ["a web page", { id: "own", url: "https://example.com/" }],
  ["an address that only begins alike", { id: "own", url: "chrome-extension://owner/popup.html" }],
  ["nobody", {}],
])("%s is turned away and starts nothing", async (_, sender) => {
  const port = popup(sender);
  await settle();

  expect(port.disconnected).toBe(true);
  expect(port.received).toEqual([]);
  expect(hosts).toEqual([]);
});

test("a popup that closed is told nothing more, and its task goes on", async () => {
  const port = popup();
  await settle();
  port.onDisconnect.fire(port);
  const before = port.received.length;
  hosts[0]?.onDisconnect.fire(new Port());
  await settle();

  expect(port.received).toHaveLength(before);
  expect(hosts[0]?.disconnected).toBe(false);
});

test("what is no action is dropped", async () => {
  const port = popup();
  await settle();
  const before = hosts[0]?.received.length;
  for (const message of [null, "lock", { name: "sign" }, { method: "sign", params: {} }]) port.onMessage.fire(message);
  await settle();

  expect(hosts[0]?.received.length).toBe(before);
});

test("the cause of a failed start reaches the popup", async () => {
  const port = popup();
  await settle();
  Object.assign(chrome.runtime, { lastError: { message: "Access to the specified native messaging host is forbidden." } });
  hosts[0]?.onDisconnect.fire(new Port());
  await settle();

  expect(port.received.at(-1)).toMatchObject({ connection: "failed", problem: { fault: "host_forbidden" } });
});

test("Firefox tells the cause on the port itself", async () => {
  const port = popup();
  await settle();
  hosts[0]?.onDisconnect.fire(Object.assign(new Port(), { error: { message: "No such native application io.strongroom.host" } }));
  await settle();

  expect(port.received.at(-1)).toMatchObject({ connection: "failed", problem: { fault: "host_missing" } });
});
