import { TriplineError, tenantId } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { activity, producers } from "./activity.ts";
import { alert, alerts } from "./alerts.ts";
import { gaps } from "./completeness.ts";
import { findPrincipals, names } from "./directory.ts";
import { history } from "./history.ts";
import { incident, incidentCounts, incidents } from "./incidents.ts";
import { call, record } from "./records.ts";
import { revocation, revocations } from "./revocations.ts";
import { searchCalls } from "./search-calls.ts";
import { openIntents, session } from "./sessions.ts";
import type { ReaderScope, StoreReader } from "./types.ts";

/** The questions, each bound to its tenant. */
export function createReader(database: Database, scope: ReaderScope): StoreReader {
  if (!tenantId.safeParse(scope.tenant).success) {
    throw new TriplineError(
      "TRIPLINE_STORE_FILTER_INVALID",
      "the filter is invalid: tenant is not a tenant's id",
    );
  }
  const fixed = { tenant: scope.tenant, payloads: scope.payloads };
  return {
    history: (...args) => history(database, fixed, ...args),
    searchCalls: (...args) => searchCalls(database, fixed, ...args),
    openIntents: (...args) => openIntents(database, fixed, ...args),
    session: (...args) => session(database, fixed, ...args),
    record: (...args) => record(database, fixed, ...args),
    call: (...args) => call(database, fixed, ...args),
    alerts: (...args) => alerts(database, fixed, ...args),
    alert: (...args) => alert(database, fixed, ...args),
    incidents: (...args) => incidents(database, fixed, ...args),
    incident: (...args) => incident(database, fixed, ...args),
    incidentCounts: (...args) => incidentCounts(database, fixed, ...args),
    revocations: (...args) => revocations(database, fixed, ...args),
    revocation: (...args) => revocation(database, fixed, ...args),
    activity: (...args) => activity(database, fixed, ...args),
    producers: (...args) => producers(database, fixed, ...args),
    gaps: (...args) => gaps(database, fixed, ...args),
    findPrincipals: (...args) => findPrincipals(database, fixed, ...args),
    names: (...args) => names(database, fixed, ...args),
  };
}
