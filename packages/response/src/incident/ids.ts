import { hash } from "node:crypto";
import { type Alert, canonicalJson, type Triage } from "@tripline/events";

/** What an alert is about: the caller's credential, or what the rule grouped by where there is none. */
export function subjectOf(alert: Pick<Alert, "actor" | "group">): string {
  const credential = alert.actor?.credential;
  return credential === undefined ? alert.group : `credential=${credential}`;
}

/** The id of the incident that an alert opens. 64 hex digits. */
export function incidentId(alert: Alert): string {
  const parts = ["tripline incident v1", alert.tenant, alert.rule.id, subjectOf(alert), alert.id];
  return hash("sha256", JSON.stringify(parts), "hex");
}

/** Under what an alert is remembered; the value is the id of its incident. */
export function alertMark(tenant: string, alertId: string): string {
  return `alert/${tenant}/${alertId}`;
}

/** Whether an alert's record says that it is over, and not that it was found. */
export function isOver(alert: Alert): boolean {
  return alert.state === "resolved" || alert.state === "false_positive";
}

/**
 * What makes two records the same one, so that one that comes again changes nothing. Of an alert its id: the detector may write
 * it twice with other times.
 */
export function identityOf(triage: Triage): string {
  switch (triage.kind) {
    case "alert": {
      const { tenant, id, state_at } = triage.alert;
      if (!isOver(triage.alert)) return alertMark(tenant, id);
      return `over/${tenant}/${id}/${state_at ?? ""}`;
    }
    case "change":
    case "due":
    case "done":
      return `${triage.kind}/${triage.tenant}/${hash("sha256", canonicalJson(triage), "hex")}`;
  }
}
