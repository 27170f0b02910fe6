import { httpKeys, kafkaKeys, observabilityKeys } from "@tripline/service";
import { z } from "zod";

/** What the operator tells about rules and their own world; shared with whoever composes a detector. */
export const detectionKeys = {
  rules: z.string().min(1).optional().meta({
    description:
      "directory with rules of your own, besides the shipped ones, and with `rules.yaml`, your settings of rules; changes take effect without a restart",
    placeholder: "DIR",
  }),
  manifest: z.string().min(1).optional().meta({
    description:
      "file that says what is known of your servers and tools; changes take effect without a restart",
    placeholder: "FILE",
  }),
  internalHosts: z.array(z.string().min(1)).default([]).meta({
    description: "domains of your own: what goes to them does not count as leaving",
    placeholder: "NAME,NAME",
  }),
  trustedServers: z.array(z.string().min(1)).default([]).meta({
    description: "MCP servers whose own annotations (readOnlyHint and so on) are believed",
    placeholder: "NAME,NAME",
  }),
};

/** Everything a detector of its own can be told. */
export const detectorConfig = z.object({
  ...kafkaKeys,
  ...detectionKeys,
  verdictKey: z.string().min(1).optional().meta({
    description:
      "file with the key that signs verdicts on calls that wait for one (Ed25519, PKCS#8 PEM), made when it is missing; none: no verdicts are given. Detectors of one log need the same key",
    placeholder: "FILE",
  }),
  ...httpKeys,
  ...observabilityKeys,
});
