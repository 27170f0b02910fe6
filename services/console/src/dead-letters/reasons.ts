/** Why a step refused a record: the stable word of the letter, in words. `docs/dead-letters.md` shows the same table. */
export interface ReasonInWords {
  what: string;
  todo: string;
}

const INVALID_RECORD: ReasonInWords = {
  what: "It is no record of this version's schema: not JSON, or a field is missing or of the wrong kind.",
  todo: "Mend the producer. Where a newer one sent it, update this installation, then replay it.",
};
const INVALID_ALERT: ReasonInWords = {
  what: "It is no alert of this version's schema. Only the detector writes that topic.",
  todo: "Update so that all services are of one version, then replay it. Otherwise see who may write to the topic.",
};

export const REASONS: Readonly<Record<string, ReasonInWords>> = {
  no_value: {
    what: "It has no value, and the topic takes none without.",
    todo: "Nothing is in it: discard it, and see who may write to the topic.",
  },
  too_large: {
    what: "It is larger than a record may be (512 KiB). Interceptors cut payloads long before.",
    todo: "Mend the producer so that it cuts what it captures; discard this one, it will not fit later either.",
  },
  not_utf8: {
    what: "Its bytes are not UTF-8, and JSON has to be.",
    todo: "Mend the producer and discard this one: its bytes do not change by waiting.",
  },
  invalid: INVALID_RECORD,
  payload_hash: {
    what: "The payload is not the one whose hash the envelope names: one of the two was changed on the way.",
    todo: "Find out who changes records between the interceptor and the log. Replaying does not help: discard it when that is known.",
  },
  forged: {
    what: "It is a revocation that no known key of the responder signed, or that lies under another entry's key.",
    todo: "If the responder's key was changed, give the archiver the former one (--revocation-keys), then replay it. Otherwise somebody else writes to the topic: close that, and discard it.",
  },
  not_a_letter: {
    what: "Somebody wrote it to the dead-letter topic itself; no step did.",
    todo: "See who may write to tripline.dead-letters, and discard it.",
  },
  TRIPLINE_RECORD_INVALID: {
    what: "Detection can't read it: not JSON, nested too deep, or a field it relies on is of the wrong kind.",
    todo: INVALID_RECORD.todo,
  },
  TRIPLINE_FACT_INVALID: {
    what: "It is no fact of this version's schema. Only the detector writes that topic.",
    todo: "Update so that all detectors are of one version, then replay it.",
  },
  TRIPLINE_ALERT_INVALID: INVALID_ALERT,
};

const ON_ALERTS: ReasonInWords = INVALID_ALERT;
const ON_REVOCATIONS: ReasonInWords = {
  what: "It is no revocation of this version's schema. Only the responder writes that topic.",
  todo: "Update so that all services are of one version, then replay it. Otherwise see who may write to the topic.",
};
const UNKNOWN: ReasonInWords = {
  what: "The step gave this code and no more; its log has the error beside this position.",
  todo: "Look the code up in the step's log, mend what it names, then replay the letter.",
};

/** @param topic the letter's original one: the same word can mean another schema there */
export function reasonInWords(reason: string, topic: string): ReasonInWords {
  if (reason === "invalid" && topic === "tripline.alerts") return ON_ALERTS;
  if (reason === "invalid" && topic === "tripline.revocations") return ON_REVOCATIONS;
  return Object.hasOwn(REASONS, reason) ? (REASONS[reason] ?? UNKNOWN) : UNKNOWN;
}
