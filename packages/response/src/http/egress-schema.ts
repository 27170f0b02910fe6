import { z } from "zod";
import { parseRange } from "./address.ts";

/** `egress` of `response.yaml`. */
export const egressSchema = z.strictObject({
  allow_internal: z
    .array(
      z
        .string()
        .min(1)
        .max(253)
        .refine((entry) => !entry.includes("/") || parseRange(entry) !== undefined, {
          error: "expected a host name, an address or a range as 10.1.0.0/16",
        }),
    )
    .max(100)
    .default([])
    .describe(
      "hosts, addresses and ranges of one's own networks that notifiers and revokers may connect to; * in a name stands for anything",
    ),
});
