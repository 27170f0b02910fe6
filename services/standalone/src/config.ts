import { detectionKeys } from "@tripline/detector";
import { dataKeys, httpKeys, logKeys, observabilityKeys, storeKeys } from "@tripline/service";
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
  ...storeKeys,
  ...detectionKeys,
  ...observabilityKeys,
});
export type StandaloneConfig = z.output<typeof standaloneConfig>;
