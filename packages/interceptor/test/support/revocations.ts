import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type Revocation, revocationBytes, type SignedRevocation } from "@tripline/events";

/** A responder's key for tests, and entries signed with it. */
export class TestResponder {
  readonly #privateKey: KeyObject;
  readonly publicKey: { id: string; public_key: string };

  constructor(id = "responder-1") {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    this.#privateKey = privateKey;
    this.publicKey = { id, public_key: publicKey.export({ format: "jwk" }).x ?? "" };
  }

  sign(entry: Partial<Revocation> & Pick<Revocation, "id">): SignedRevocation {
    const whole: Revocation = {
      v: 1,
      tenant: "acme",
      scope: "credential",
      subject: "local:demo",
      state: "active",
      reason: "read a secret and sent it out",
      by: "policy",
      decided_at: "2026-11-21T09:30:00.000Z",
      ...entry,
    };
    const signature = sign(null, revocationBytes(whole), this.#privateKey).toString("base64url");
    return { ...whole, key_id: this.publicKey.id, signature };
  }
}
