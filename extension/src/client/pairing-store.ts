// Where a browser keeps a pairing: IndexedDB, which takes a key that cannot be exported as it is. `storage.local` could not.

import { readPairing, type PairingStore } from "./pairing.js";

const DATABASE = "strongroom";
const STORE = "pairing";
const KEY = "host";

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error("no database"));
    };
  });
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE);
  };
  return finished(request);
}

/** Does `work` in one transaction; resolves once it is on the disk, as far as the browser tells. */
async function within<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => {
        resolve();
      };
      transaction.onabort = () => {
        reject(transaction.error ?? new Error("the transaction was aborted"));
      };
    });
    const [result] = await Promise.all([finished(work(transaction.objectStore(STORE))), done]);
    return result;
  } finally {
    database.close();
  }
}

/** The pairing of this extension in this profile of the browser. */
export const indexedDbPairings: PairingStore = {
  load: async () => {
    const kept: unknown = await within("readonly", (store) => store.get(KEY));
    return kept === undefined ? undefined : readPairing(kept);
  },
  save: async (pairing) => {
    await within("readwrite", (store) => store.put(pairing, KEY));
  },
  forget: async () => {
    await within("readwrite", (store) => store.delete(KEY));
  },
};
