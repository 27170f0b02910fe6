/** Proof files (C2SP tlog-proof): encode, parse, verify by a policy. Pure; runs in a browser too. */
export * from "./proof-file.ts";
export * from "./verify-proof.ts";
