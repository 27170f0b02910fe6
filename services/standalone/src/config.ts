import { dataKeys, httpKeys, logKeys, observabilityKeys } from "@tripline/service";
import { z } from "zod";

/** Everything the standalone can be told; `docs/configuration.md` and `--help` are generated from it. */
export const standaloneConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  publicUrl: z.url().optional().meta({
    description: "URL under which people reach the console, for the links in alerts; none: host and port",
    placeholder: "URL",
  }),
  ...logKeys,
  store: z
    .string()
    .regex(/^(embedded|https?:\/\/\S+)$/)
    .default("embedded")
    .meta({
      description: "where records are kept to be asked",
      allowed: "embedded (one machine) or http(s)://host:port of a ClickHouse server",
      placeholder: "URL",
    }),
  storeUser: z.string().min(1).default("default").meta({ description: "user at the ClickHouse server" }),
  storePassword: z
    .string()
    .default("")
    .meta({ description: "password at the ClickHouse server", secret: true }),
  rules: z.string().min(1).optional().meta({
    description: "directory with rules of your own, besides the shipped ones",
    placeholder: "DIR",
  }),
  ...observabilityKeys,
});
export type StandaloneConfig = z.output<typeof standaloneConfig>;
