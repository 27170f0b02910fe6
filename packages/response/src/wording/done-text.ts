import type { Alert, Revocation, WhatWasDone } from "@tripline/events";
import { visibleText } from "../visible-text.ts";

const MAX_NAME_CHARS = 256;
const MAX_TEXT_CHARS = 1024;

/** One sentence about what was done, for people. */
export function doneText(done: WhatWasDone): string {
  const revoked = done.revocation;
  switch (done.kind) {
    case "revoked": {
      const until =
        revoked?.expires_at === undefined ? "until it is reinstated" : `until ${revoked.expires_at}`;
      return `${what(revoked)} is refused by every interceptor ${until}.`;
    }
    case "reinstated":
      return `${what(revoked)} was refused and has been reinstated since.`;
    case "expired":
      return `${what(revoked)} was refused until ${revoked?.expires_at ?? "its time was over"}.`;
    case "would_revoke":
      return "Dry run: nothing was revoked; without the dry run it would have been.";
    case "proposed":
      return `Nothing was revoked yet: ${text(done.reason)}.`;
    case "withheld":
    case "none":
      return `Nothing was revoked: ${text(done.reason)}.`;
  }
}

/** Denying a call at the interceptor leaves the server's own key as it is: says which; empty where there is none. */
export function stillValidText(alert: Alert, done: WhatWasDone): string {
  const variable = alert.target?.upstream_env;
  if (variable === undefined || done.kind === "reinstated" || done.kind === "expired") return "";
  const server = alert.target?.server ?? "the server";
  return text(`${server}'s own key (environment variable ${variable}) is not touched and stays valid.`);
}

/** How to undo what was done from a shell; empty where there is nothing to undo. */
export function undoCommand(done: WhatWasDone): string {
  const id = done.revocation?.id;
  return done.kind === "revoked" && id !== undefined ? `tripline reinstate ${id} --reason "…"` : "";
}

function what(revocation: Revocation | undefined): string {
  if (revocation === undefined) return "The key";
  return `The ${revocation.scope} ${visibleText(revocation.subject, MAX_NAME_CHARS)}`;
}

function text(captured: string): string {
  return visibleText(captured, MAX_TEXT_CHARS);
}
