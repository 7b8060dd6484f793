// What a wallet imports: `new Host({ client, pairings: indexedDbPairings })`, `host.request("signMessage", { … })`, `host.pair({ onCode })`,
// and the errors it rejects with.

export { decodeBase64Url, encodeBase64Url, type Bytes } from "./base64url.js";
export { ConnectionError, HostError, type Fault } from "./errors.js";
export { Host, HOST_NAME, type Channel, type HostOptions, type PairOptions, type Params, type Request, type RequestOptions, type Result } from "./host.js";
export { ownOrigin } from "./origin.js";
export { canPair, type Pairing, type PairingStore } from "./pairing.js";
export { indexedDbPairings } from "./pairing-store.js";
export type * from "./protocol.js";
