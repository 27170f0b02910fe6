import { randomBytes } from "node:crypto";
import { canonicalJson, type Mute, type Redactor, uuidv7 } from "@tripline/events";
import { HttpError, looksSecret, type ServiceContext } from "@tripline/service";
import type { ControlsView, ControlsWriter } from "../controls/index.ts";
import type { DecisionRecords } from "../decision-records.ts";
import { checkUntil, MAX_SUBJECT_CHARS } from "./until.ts";

const MAX_LASTS_MS = 31 * 24 * 3600 * 1000; // longer is no mute any more: change the rule's severity, or the routes
const MAX_OF_TENANT = 500; // each is tried on every alert

export interface MutesDeskOptions {
  view: ControlsView;
  writer: ControlsWriter;
  records: DecisionRecords;
  context: Pick<ServiceContext, "now">;
}

/** Mutes: nobody is told of what they cover until they end. */
export class MutesDesk {
  readonly #options: MutesDeskOptions;

  constructor(options: MutesDeskOptions) {
    this.#options = options;
  }

  /** Those that have not ended, the oldest first. */
  all(tenant: string): Mute[] {
    const now = this.#options.context.now();
    return this.#options.view.all(tenant, "mute").filter(({ until }) => Date.parse(until) > now);
  }

  /** @throws HttpError 400 for a moment that won't do or a name that looks like a secret, 409 when there are too many */
  async add(
    tenant: string,
    asked: { match: Mute["match"]; until: string; reason: string; by: string; redactor: Redactor },
  ): Promise<Mute> {
    const { writer, records, context } = this.#options;
    const now = context.now();
    const { rule, credential, server } = asked.match;
    for (const [name, value] of Object.entries({ rule, credential, server })) {
      if (value === undefined || !looksSecret(asked.redactor, value)) continue;
      throw new HttpError(400, "TRIPLINE_REQUEST_INVALID", `body/match/${name}: this looks like a secret`);
    }
    if (this.all(tenant).length >= MAX_OF_TENANT) {
      throw new HttpError(409, "TRIPLINE_MUTES_FULL", `there are ${MAX_OF_TENANT} mutes already: end some`);
    }
    const mute: Mute = {
      v: 1,
      kind: "mute",
      id: uuidv7(now, randomBytes(10)),
      tenant,
      by: asked.by,
      at: new Date(now).toISOString(),
      reason: asked.reason,
      until: checkUntil(asked.until, now, MAX_LASTS_MS),
      match: asked.match,
    };
    await writer.write(mute);
    await records.write(tenant, decisionAbout(mute, "muted", asked.by, asked.reason));
    return mute;
  }

  /** @throws HttpError 404 where the tenant has none with this id that has not ended */
  async remove(tenant: string, id: string, by: string, reason: string): Promise<void> {
    const { writer, records } = this.#options;
    const known = this.all(tenant).find((mute) => mute.id === id);
    if (known === undefined) {
      throw new HttpError(404, "TRIPLINE_MUTE_UNKNOWN", "there is no mute with this id, or it has ended");
    }
    await writer.remove(known);
    await records.write(tenant, decisionAbout(known, "unmuted", by, reason));
  }
}

function decisionAbout({ id, match }: Mute, kind: "muted" | "unmuted", by: string, reason: string) {
  return {
    kind,
    reason,
    by,
    rule_id: match.rule,
    subject: `${id} ${canonicalJson(match)}`.slice(0, MAX_SUBJECT_CHARS),
  };
}
