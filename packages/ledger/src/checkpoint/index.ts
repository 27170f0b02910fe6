/** A log's signed tree heads (C2SP tlog-checkpoint): encode, parse strictly, sign, open. Pure; runs in a browser too. */
export * from "./checkpoint.ts";
export * from "./signed-checkpoint.ts";
