import { dataKeys, httpKeys, kafkaKeys, observabilityKeys } from "@tripline/service";
import { z } from "zod";

/** What a collector that runs alone can be told. */
export const collectorConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  ...kafkaKeys,
  revocationKeys: z
    .array(z.string().regex(/^[^=\s]+=[A-Za-z0-9_-]{43}$/))
    .default([])
    .meta({
      description: "public keys of the responder, which interceptors check revocations with",
      allowed: "id=public key (base64url) with commas between them, as the responder prints them",
      placeholder: "ID=KEY",
    }),
  ...observabilityKeys,
});
