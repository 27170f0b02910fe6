import { tenantId } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import { raiseAlert } from "../raise-alert.ts";
import { forgedAlert } from "./enforcement-alerts.ts";
import type { News } from "./partition-watch.ts";

const HOUR_MS = 3600 * 1000;
const TOLD_FOR_MS = 24 * HOUR_MS; // an entry that was forged longer ago was told of then
const MAX_TOLD = 1000; // alerts of a process: whoever can forge entries can invent tenants too

/** Tells on-call of entries that the responder did not sign: what this process reads itself, and what interceptors say they refused. */
export class ForgedEntries {
  readonly #log: Pick<Log, "produce">;
  readonly #context: ServiceContext;
  readonly #told = new Set<string>();

  constructor(log: Pick<Log, "produce">, context: ServiceContext) {
    this.#log = log;
    this.#context = context;
  }

  /** An entry that stands in the topic. The tenant is the one its key names: whom it was meant for. */
  read({ key, appendTime }: { key: string; appendTime: number }): void {
    const tenant = tenantId.safeParse(key.slice(0, Math.max(0, key.indexOf("/"))));
    if (tenant.success) this.#tell(tenant.data, "the responder", "responder", 1, appendTime);
  }

  heard(news: News): void {
    if (news.kind !== "rejected") return;
    const { tenant, producer, entries, appendedAt } = news;
    this.#tell(tenant, `interceptor ${producer}`, "interceptors", entries, appendedAt);
  }

  #tell(tenant: string, where: string, who: string, entries: number, at: number): void {
    if (this.#context.now() - at > TOLD_FOR_MS) return;
    const identity = `${who}/${Math.floor(at / HOUR_MS)}`;
    const told = `${tenant}/${identity}`;
    if (this.#told.has(told) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(told);
    const alert = forgedAlert({ tenant, where, identity, entries, now: at });
    raiseAlert(this.#log, alert).catch((error: unknown) => {
      this.#told.delete(told); // the next one tries again
      this.#context.logger.error({ err: error, tenant }, "on-call could not be told of a forged revocation");
    });
  }
}
