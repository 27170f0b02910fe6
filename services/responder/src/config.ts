import { dataKeys, httpKeys, kafkaKeys, observabilityKeys } from "@tripline/service";
import { z } from "zod";

/** Everything the responder can be told when it runs alone. */
export const responderConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  ...kafkaKeys,
  publicUrl: z.url().optional().meta({
    description:
      "URL under which people reach the console, for the links in notifications; none: this host and port",
    placeholder: "URL",
  }),
  ...observabilityKeys,
});
export type ResponderConfig = z.output<typeof responderConfig>;
