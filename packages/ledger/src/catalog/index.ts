/** Names of an installation's logs and the file that lists them. Pure. */
export * from "./catalog.ts";
