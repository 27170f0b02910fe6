import { type Alert, type Incident, type Mute, SEVERITIES } from "@tripline/events";

/** The mute that covers an alert at `now` (ms since the epoch): of several, the one that ends last. */
export function muteOfAlert(mutes: readonly Mute[], alert: Alert, now: number): Mute | undefined {
  return covering(mutes, alert, alert.severity, now);
}

/** The same for an incident, by its shown alert and its own severity. */
export function muteOfIncident(mutes: readonly Mute[], incident: Incident, now: number): Mute | undefined {
  return covering(mutes, incident.alert, incident.severity, now);
}

function covering(
  mutes: readonly Mute[],
  alert: Alert,
  severity: Alert["severity"],
  now: number,
): Mute | undefined {
  const found = mutes.filter(
    (mute) =>
      mute.tenant === alert.tenant && Date.parse(mute.until) > now && matches(mute.match, alert, severity),
  );
  return found.sort((a, b) => (a.until < b.until ? 1 : -1))[0];
}

/** All that are given match; a mute that says nothing covers nothing. */
function matches(match: Mute["match"], alert: Alert, severity: Alert["severity"]): boolean {
  const { rule, credential, server, below } = match;
  if (rule === undefined && credential === undefined && server === undefined && below === undefined)
    return false;
  return (
    (rule === undefined || alert.rule.id === rule) &&
    (credential === undefined || alert.actor?.credential === credential) &&
    (server === undefined || concerns(alert, server)) &&
    (below === undefined || SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(below))
  );
}

function concerns({ target, evidence }: Alert, server: string): boolean {
  return target?.server === server || evidence.some((each) => each.server === server);
}
