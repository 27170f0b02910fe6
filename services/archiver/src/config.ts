import { dataKeys, httpKeys, kafkaKeys, observabilityKeys } from "@tripline/service";
import { z } from "zod";

/** What an archiver that runs alone can be told. */
export const archiverConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  ...kafkaKeys,
  store: z.url({ protocol: /^https?$/ }).meta({
    description: "the ClickHouse server to write to",
    allowed: "http(s)://host:port of a ClickHouse server",
    placeholder: "URL",
  }),
  storeUser: z.string().min(1).default("default").meta({ description: "user at the ClickHouse server" }),
  storePassword: z
    .string()
    .default("")
    .meta({ description: "password at the ClickHouse server", secret: true }),
  ...observabilityKeys,
});
