import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  type Envelope,
  type Revocation,
  revocationBytes,
  type SignedRevocation,
  type SignedVerdict,
  type Verdict,
  verdictBytes,
} from "@tripline/events";

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

/** A detector's key for tests, and verdicts signed with it. */
export class TestDetector {
  readonly #privateKey: KeyObject;
  readonly publicKey: { id: string; public_key: string };

  constructor(id = "detector-1") {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    this.#privateKey = privateKey;
    this.publicKey = { id, public_key: publicKey.export({ format: "jwk" }).x ?? "" };
  }

  /** On this intent: clear, unless `found` says otherwise. */
  judge(intent: Envelope, found: Partial<Verdict> = {}): SignedVerdict {
    const verdict: Verdict = {
      v: 1,
      tenant: intent.tenant,
      producer: intent.producer.id,
      boot: intent.producer.boot,
      seq: intent.producer.seq,
      record_id: intent.id,
      verdict: "clear",
      judged_at: "2026-11-21T09:30:00.000Z",
      ...found,
    };
    const signature = sign(null, verdictBytes(verdict), this.#privateKey).toString("base64url");
    return { ...verdict, key_id: this.publicKey.id, signature };
  }
}
