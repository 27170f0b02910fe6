import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logContract } from "../log-contract.ts";
import { openEmbeddedLog } from "./embedded-log.ts";

logContract("the embedded log", {
  propertyRuns: 50,
  open: async () => {
    const directory = mkdtempSync(join(tmpdir(), "tripline-log-"));
    const log = openEmbeddedLog({ directory });
    return {
      log,
      done: async () => {
        await log.close();
        rmSync(directory, { recursive: true });
      },
    };
  },
});
