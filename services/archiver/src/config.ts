import {
  clickhouseKeys,
  dataKeys,
  httpKeys,
  kafkaKeys,
  ledgerKeys,
  observabilityKeys,
  revocationKeysKeys,
} from "@tripline/service";
import { z } from "zod";

/** What an archiver that runs alone can be told. */
export const archiverConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  ...kafkaKeys,
  ...clickhouseKeys,
  ...ledgerKeys,
  ...revocationKeysKeys,
  ...observabilityKeys,
});
