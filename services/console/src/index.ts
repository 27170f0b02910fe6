/**
 * The console: people's and programs' questions about the record, over HTTP, and the page. Reads only; deciding is the
 * responder's. `services/standalone` puts it on its server.
 */
export { openApi } from "./api/open-api.ts";
export * from "./console.ts";
