import { hash, randomBytes } from "node:crypto";

const TOKEN_BYTES = 32; // 256 bits: no throttling of guesses is needed

/** `tlp_` ingests records for a producer, `tlu_` is a person's or program's. */
export type TokenKind = "tlp" | "tlu";

export function newToken(kind: TokenKind): string {
  return `${kind}_${randomBytes(TOKEN_BYTES).toString("base64url")}`;
}

/** What is stored of a token. Plain SHA-256 is enough for 256 random bits. */
export function tokenHash(token: string): string {
  return hash("sha256", token, "hex");
}
