import { ApiError, ask } from "../api.js";

const LOOK_EVERY_MS = 500; // a change passes the log and the store, which takes some hundred ms; each look is a reading
const LOOK_FOR_MS = 5_000; // then the page shows it when it comes

/** What may change on an incident's page, as one text. */
export function signatureOf({ incident, revocations }) {
  return JSON.stringify([
    incident.version,
    revocations.map(({ revocation, timeline }) => [revocation.state, timeline.steps.map(({ at }) => at)]),
  ]);
}

/** One incident. Somebody who was told of it this second may be here before it is stored. */
export async function incidentWhenThere(id, signal) {
  const deadline = Date.now() + LOOK_FOR_MS;
  for (;;) {
    try {
      return await ask(`/api/incidents/${encodeURIComponent(id)}`, {}, signal);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404) || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Waits until the incident can be read as something else than this answer: what somebody decides takes a moment. */
export async function untilChanged(answer, signal) {
  await until(answer.incident.id, signal, (now) => signatureOf(now) !== signatureOf(answer));
}

/** Waits until a newer version of a row of the list can be read. */
export async function untilNewer({ id, version }, signal) {
  await until(id, signal, ({ incident }) => incident.version > version);
}

async function until(id, signal, isThere) {
  const deadline = Date.now() + LOOK_FOR_MS;
  while (Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if (isThere(await ask(`/api/incidents/${encodeURIComponent(id)}`, {}, signal))) return;
  }
}
