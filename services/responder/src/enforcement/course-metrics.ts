import type { Revocation } from "@tripline/events";
import { histogram, type ServiceContext } from "@tripline/service";
import type { News } from "./partition-watch.ts";

/** From a LMDB commit to an issuer that is asked for a quarter of an hour. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** Every revocation's course as histograms. Clocks of several machines are compared as they are. */
export class CourseMetrics {
  readonly #decided;
  readonly #denied;
  readonly #upstream;

  constructor(context: ServiceContext) {
    this.#decided = histogram(context.metrics, {
      name: "tripline_revocation_detected_to_decided_seconds",
      help: "From the detector's finding until the responder decided",
      buckets: BUCKETS,
    });
    this.#denied = histogram(context.metrics, {
      name: "tripline_revocation_denied_seconds",
      help: "Until an interceptor refused, one observation for each interceptor and revocation",
      labels: ["since"],
      buckets: BUCKETS,
    });
    this.#upstream = histogram(context.metrics, {
      name: "tripline_revocation_upstream_seconds",
      help: "From the decision until the issuer acknowledged, and until it was seen to refuse",
      labels: ["stage"],
      buckets: BUCKETS,
    });
  }

  decided({ detected_at, decided_at }: Revocation): void {
    if (detected_at !== undefined) this.#decided.observe(seconds(detected_at, Date.parse(decided_at)));
  }

  heard(news: News, { detected_at, decided_at }: Revocation): void {
    if (news.kind === "applied" && news.state === "active") {
      this.#denied.observe({ since: "decided" }, seconds(decided_at, news.at));
      if (detected_at !== undefined)
        this.#denied.observe({ since: "detected" }, seconds(detected_at, news.at));
    }
    if (news.kind !== "decision") return;
    if (news.what === "upstream_acknowledged") {
      this.#upstream.observe({ stage: "acknowledged" }, seconds(decided_at, news.appendedAt));
    }
    if (news.what === "upstream_verified") {
      this.#upstream.observe({ stage: "verified" }, seconds(decided_at, news.appendedAt));
    }
  }
}

/** Clocks that differ can give less than nothing. */
function seconds(from: string, to: number): number {
  return Math.max(0, to - Date.parse(from)) / 1000;
}
