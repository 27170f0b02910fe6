import type { Envelope, RecordType } from "@tripline/events";
import type { Producer } from "@tripline/service";

/** What producers may say; the other types are only made by our own services. */
const PRODUCER_TYPES: ReadonlySet<RecordType> = new Set([
  "call",
  "call.intent",
  "tools.listed",
  "heartbeat",
  "revocation.applied",
]);

export interface Refusal {
  code: string;
  message: string;
}

/** Whether this producer may say this; null when it may. Messages name what is enrolled, not what was sent. */
export function refusalOf(producer: Producer, envelope: Envelope): Refusal | null {
  if (envelope.tenant !== producer.tenant) {
    return {
      code: "TRIPLINE_TENANT_REFUSED",
      message: `this key writes for the tenant ${producer.tenant} only`,
    };
  }
  if (envelope.producer.id !== producer.id) {
    return {
      code: "TRIPLINE_PRODUCER_REFUSED",
      message: `this key writes as the producer ${producer.id} only`,
    };
  }
  if (!PRODUCER_TYPES.has(envelope.type)) {
    return {
      code: "TRIPLINE_TYPE_REFUSED",
      message: `producers may not write records of the type ${envelope.type}`,
    };
  }
  return credentialRefusal(producer, envelope.actor?.credential, envelope.actor?.assurance);
}

function credentialRefusal(
  producer: Producer,
  credential: string | undefined,
  assurance: string | undefined,
): Refusal | null {
  if (credential === undefined) {
    return assurance === "verified"
      ? { code: "TRIPLINE_ASSURANCE_REFUSED", message: "verified needs a credential that was verified" }
      : null;
  }
  // Holding the key is the proof for the credentials bound to it.
  if (producer.credentials.includes(credential)) return null;
  const issuer = producer.issuers.find((candidate) => isOf(candidate, credential));
  if (issuer === undefined) {
    return {
      code: "TRIPLINE_CREDENTIAL_REFUSED",
      message: `this key may not speak for this credential: enrol its issuer (enrolled: ${producer.issuers.join(", ") || "none"})`,
    };
  }
  // Nobody checks a local name: a gateway checks keys and grants, a command line only says who it is.
  if (assurance === "verified" && issuer === "local") {
    return {
      code: "TRIPLINE_ASSURANCE_REFUSED",
      message:
        "a local credential is asserted, unless it is bound to the producer's key (enrol it with --credential)",
    };
  }
  return null;
}

const GRANT_PARTS = [2, 3]; // client/subject[/sid] behind the issuer, whose URL may hold slashes itself

/** `local` of `local:name`, `key:acme` of `key:acme/id`, `grant:https://idp` of `grant:https://idp/client/subject[/sid]`. */
function isOf(issuer: string, credential: string): boolean {
  if (issuer === "local") return credential.startsWith("local:");
  if (!credential.startsWith(`${issuer}/`)) return false;
  if (!issuer.startsWith("grant:")) return true;
  return GRANT_PARTS.includes(credential.slice(issuer.length + 1).split("/").length);
}
