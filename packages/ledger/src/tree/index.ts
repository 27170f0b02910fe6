/** The Merkle tree of RFC 6962: hashes, growth, proofs and their verification. Pure; reads hashes through `HashReader`. */
export * from "./compact-range.ts";
export * from "./consistency.ts";
export * from "./hashing.ts";
export * from "./inclusion.ts";
export * from "./size.ts";
export * from "./subtree.ts";
