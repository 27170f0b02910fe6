import { name, OWN_PRODUCERS, sha256Hex, tenantId, timestamp } from "@tripline/events";
import { z } from "zod";

/** What `access.json` holds. */

export const ROLES = ["read", "read_payload", "respond", "erase", "hold", "administer"] as const;
export type Role = (typeof ROLES)[number];

/** Ids of tokens travel in records (`by`) and in URLs. */
export const accessId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: "expected letters, digits, '.', '_' or '-', at most 63",
});

/** `local`, `key:issuer` or `grant:issuer`: the beginning of the credential ids a producer may speak for. */
export const credentialIssuer = z
  .string()
  .max(256)
  .regex(/^(local|key:[^\s/]+|grant:\S*[^\s/])$/, { error: "expected local, key:issuer or grant:issuer" });

export const DEFAULT_QUOTA = 10_000; // records a second: what one machine's pipeline carries with all rules on
export const MAX_QUOTA = 1_000_000;

const common = {
  id: accessId,
  tenant: tenantId,
  created_at: timestamp,
  expires_at: timestamp.optional().describe("refused from then on; absent: does not expire"),
  token_sha256: sha256Hex,
};

/** A person's id: anything but `policy`, which says in records that no person decided. */
export const personId = accessId.refine((id) => id !== "policy", {
  error: "`policy` is taken: it says in records that no person decided",
});

/** A producer's id: anything but those under which Tripline's services write themselves. */
export const producerId = accessId.refine((id) => !OWN_PRODUCERS.has(id), {
  error: `taken: ${[...OWN_PRODUCERS].join(", ")} are Tripline's own`,
});

export const personSchema = z.object({
  ...common,
  id: personId,
  name: name.describe("whose it is, for people who read the list"),
  roles: z.array(z.enum(ROLES)),
});
export type PersonEntry = z.infer<typeof personSchema>;

export const producerSchema = z.object({
  ...common,
  issuers: z.array(credentialIssuer).max(100),
  credentials: z
    .array(z.string().max(512))
    .max(1_000)
    .describe("credentials that holding this producer's key proves"),
  quota: z.number().int().min(1).max(MAX_QUOTA).describe("records a second"),
});
export type ProducerEntry = z.infer<typeof producerSchema>;

export const accessFileSchema = z.object({
  v: z.literal(1),
  people: z.array(personSchema),
  producers: z.array(producerSchema),
});
export type AccessFile = z.infer<typeof accessFileSchema>;

/** An entry as it may be shown. */
export type Person = Omit<PersonEntry, "token_sha256">;
export type Producer = Omit<ProducerEntry, "token_sha256">;

export function shownPerson({ token_sha256: _, ...rest }: PersonEntry): Person {
  return rest;
}

export function shownProducer({ token_sha256: _, ...rest }: ProducerEntry): Producer {
  return rest;
}
