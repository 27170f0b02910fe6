import {
  backupKeys,
  clickhouseKeys,
  dataKeys,
  httpKeys,
  kafkaKeys,
  observabilityKeys,
} from "@tripline/service";
import { z } from "zod";

/** What a console that runs alone can be told. */
export const consoleConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  ...kafkaKeys,
  ...clickhouseKeys,
  ...backupKeys,
  ...observabilityKeys,
});
