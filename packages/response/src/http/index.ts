/**
 * HTTP, and the decision where connections may go, for everything in this package that talks to systems an operator names.
 * Nothing here knows notifiers or revokers; both get an `Http` handed in.
 */

export { parseRange } from "./address.ts";
export { createHttp, httpThrough } from "./create-http.ts";
export { type CheckedAddress, createEgress, type Egress, type EgressOptions } from "./egress.ts";
export { egressSchema } from "./egress-schema.ts";
export type * from "./http.ts";
