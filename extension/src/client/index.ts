// What a wallet imports: `new Host({ client })`, `host.request("signMessage", { … })`, and the errors it rejects with.

export { decodeBase64Url, encodeBase64Url } from "./base64url.js";
export { ConnectionError, HostError, type Fault } from "./errors.js";
export { Host, HOST_NAME, type Channel, type HostOptions, type Params, type Request, type RequestOptions, type Result } from "./host.js";
export type * from "./protocol.js";
