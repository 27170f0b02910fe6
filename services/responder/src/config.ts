import { dataKeys, httpKeys, logKeys, observabilityKeys } from "@tripline/service";
import { KAFKA_PARTITIONS } from "@tripline/stream";
import { z } from "zod";

/** Everything the responder can be told when it runs alone. */
export const responderConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  log: logKeys.log
    .unwrap()
    .regex(/^kafka:\/\/\S+$/)
    .meta({
      description:
        "the Kafka brokers; the embedded log is for one process, so services that run alone need Kafka",
      allowed: "kafka://host:port[,host:port]",
      placeholder: "URL",
    }),
  partitions: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(KAFKA_PARTITIONS)
    .meta({ description: "partitions of topics that do not exist yet; the same for all services" }),
  publicUrl: z.url().optional().meta({
    description:
      "URL under which people reach the console, for the links in notifications; none: this host and port",
    placeholder: "URL",
  }),
  ...observabilityKeys,
});
export type ResponderConfig = z.output<typeof responderConfig>;
