import { hash } from "node:crypto";
import { type Alert, pipelineAlert, type Revocation } from "@tripline/events";

/** What on-call is told about a revocation that is not in force everywhere. Pure: the same findings give the same alert. */

const MAX_NAMED = 10; // in a sentence; the record names more

/** @param names `producer/boot` of each, `deadline` in words @param now ms since the epoch */
export function notEnforcedAlert(
  entry: Revocation,
  { names, deadline, now }: { names: readonly string[]; deadline: string; now: number },
): Alert {
  const sorted = [...names].sort();
  return pipelineAlert({
    rule: "revocation-not-enforced",
    tenant: entry.tenant,
    identity: hash("sha256", JSON.stringify([entry.id, entry.decided_at, sorted]), "hex"),
    group: `revocation=${entry.id}`,
    timeMs: now,
    summary: `${sorted.length === 1 ? "An interceptor has" : `${sorted.length} interceptors have`} not said within ${deadline} that the ${entry.scope} ${entry.subject} is refused: ${inWords(sorted)}`,
    why: "The key was taken away, and calls with it may still pass there: the interceptor is cut off, has stopped without a goodbye, or does not take the revocation.",
    next: [
      `tripline revocations ${entry.id} shows who refuses and who does not`,
      "look whether the interceptor's host is up and reaches the collector; it applies what it missed when it does",
      "if it can't be reached, stop it or the agents behind it, and revoke the key at its issuer",
    ],
  });
}

/** Entries that nobody of ours signed. `where` and `identity` are stable words and positions. */
export function forgedAlert(of: {
  tenant: string;
  where: string;
  identity: string;
  entries: number;
  now: number;
}): Alert {
  return pipelineAlert({
    rule: "revocation-forged",
    tenant: of.tenant,
    identity: of.identity,
    group: "revocations=forged",
    timeMs: of.now,
    summary: `${of.entries === 1 ? "An entry" : `${of.entries} entries`} of the revocations topic that the responder did not sign: seen by ${of.where}, and ignored`,
    why: "Nobody but the responder writes revocations. Somebody with access to the log tried to take keys away or to give them back; or the responder's key was replaced and interceptors still trust the old one.",
    next: [
      "find out who can write to tripline.revocations, and take that away",
      "tripline topics and the dead letters (reason forged) name the position",
      "if the responder's key was replaced: restart the interceptors, so that they pin the new one",
    ],
  });
}

function inWords(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).map((each) => each.slice(0, each.lastIndexOf("/")));
  const rest = names.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
