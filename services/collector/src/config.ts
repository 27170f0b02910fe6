import {
  dataKeys,
  httpKeys,
  kafkaKeys,
  observabilityKeys,
  revocationKeysKeys,
  verdictKeysKeys,
} from "@tripline/service";
import { z } from "zod";

/** What a collector that runs alone can be told. */
export const collectorConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  ...kafkaKeys,
  ...revocationKeysKeys,
  ...verdictKeysKeys,
  ...observabilityKeys,
});
