/** Whom to trust (C2SP tlog-policy): parse strictly, judge a checkpoint by it. Pure; runs in a browser too. */
export * from "./open.ts";
export * from "./parse.ts";
export * from "./policy.ts";
