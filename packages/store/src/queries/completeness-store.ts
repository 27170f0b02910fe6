import type { Database } from "../connection/database.ts";
import { completeHistories, examineHeartbeats, examineTail } from "./completeness-examine.ts";
import { endedCalls, waitingIntents } from "./completeness-in-doubt.ts";
import { examined, knownAlerts, openAlerts, saveExamined } from "./completeness-progress.ts";
import {
  activityInLog,
  activitySince,
  bootsOfProducer,
  heartbeatsInLog,
  heartbeatsOfBoot,
  MAX_HEARTBEATS,
} from "./completeness-rows.ts";
import type { CompletenessStore, Gap } from "./completeness-types.ts";

/** The archiver's questions. */
export function createCompletenessStore(database: Database): CompletenessStore {
  return {
    activityInLog: (span) => activityInLog(database, span),
    activitySince: (since) => activitySince(database, since),
    heartbeatsInLog: (span, limit) => heartbeatsInLog(database, span, limit),
    complete: (histories) => completeHistories(database, histories),
    examine: (heartbeats, what, options) => examineHeartbeats(database, heartbeats, what, options),
    examineTail: (boot) => examineTail(database, boot),
    async examineBoot(boot, range, options) {
      const gaps: Gap[] = [];
      let records = 0;
      for (let fromSeq = 0; ; ) {
        const heartbeats = await heartbeatsOfBoot(database, boot, {
          ...range,
          fromSeq,
          limit: MAX_HEARTBEATS,
        });
        const found = await examineHeartbeats(database, heartbeats, { hashes: true }, options);
        gaps.push(...found.gaps);
        records += found.records;
        if (heartbeats.length < MAX_HEARTBEATS) return { gaps, records };
        fromSeq = (heartbeats.at(-1)?.seq ?? 0) + 1;
      }
    },
    heardSince: (boot, since) => bootsOfProducer(database, boot, since),
    waitingIntents: (span, limit) => waitingIntents(database, span, limit),
    endedCalls: (calls) => endedCalls(database, calls),
    knownAlerts: (ids) => knownAlerts(database, ids),
    openAlerts: (rules, since, limit) => openAlerts(database, rules, since, limit),
    examined: (what, generation) => examined(database, what, generation),
    saveExamined: (what, generation, progress) => saveExamined(database, what, generation, progress),
  };
}
