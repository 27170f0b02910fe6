import { TriplineError } from "@tripline/events";
import { describe, expect, test } from "vitest";
import type { UpstreamOutcome } from "../revoker.ts";
import { revokerSchema } from "./index.ts";
import {
  type Answer,
  never,
  type Recorded,
  RecordedHttp,
  revokerWith,
  target,
} from "./testing/recorded-http.ts";
import { SAMPLES, type Sample, secretsOf } from "./testing/samples.ts";

/** What every revoker keeps to, whatever system it is for. */

const TYPES = revokerSchema.options.map((option) => option.shape.type.value);

test("every type has a sample", () => {
  expect(Object.keys(SAMPLES).sort()).toEqual([...TYPES].sort());
});

const opened = (sample: Sample, answers: Recorded = sample.answers) => {
  const http = new RecordedHttp(answers);
  return { http, revoker: revokerWith(sample.settings, http, sample) };
};
/** The same answer to everything. */
const always = (answer: Answer | TriplineError): Recorded => ({
  "POST *": answer,
  "GET *": answer,
  "PUT *": answer,
  "DELETE *": answer,
});

// Those whose key can be looked at before it is touched.
const HAS_A_RECORD = new Set(["keycloak", "contextforge", "litellm", "unkey", "aws_access_key"]);

describe.each(Object.entries(SAMPLES))("%s", (type, sample) => {
  const subject = target(sample.subject);

  async function both(answers: Recorded): Promise<UpstreamOutcome[]> {
    const { revoker } = opened(sample, answers);
    return [
      await revoker.revoke(subject, never),
      ...(revoker.reinstate === undefined ? [] : [await revoker.reinstate(subject, never)]),
    ];
  }

  test("is for its own credentials only, of the tenants it is for", () => {
    const { revoker } = opened(sample);
    expect(revoker.handles(subject)).toBe(true);
    for (const other of [
      "local:demo",
      "key:elsewhere/a",
      "grant:https://elsewhere.example/a/b",
      `${sample.subject.split("/")[0]}`,
    ]) {
      expect(revoker.handles(target(other))).toBe(false);
    }
    expect(revoker.handles(target(sample.subject, { scope: "session" }))).toBe(false);
    const narrow = revokerWith({ ...sample.settings, tenants: ["other"] }, new RecordedHttp({}), sample);
    expect(narrow.handles(subject)).toBe(false);
  });

  test("revokes, and says so when the system says so", async () => {
    const { revoker } = opened(sample);
    expect(await revoker.revoke(subject, never)).toMatchObject({ kind: "done" });
  });

  test("a probe tells alive from dead, and never guesses", async () => {
    const alive = opened(sample).revoker;
    if (!alive.probes) {
      expect(await alive.probe(subject, never)).toBe("unknown");
      return;
    }
    expect(await alive.probe(subject, never)).toBe("accepted");
    expect(await opened(sample, sample.refused).revoker.probe(subject, never)).toBe("refused");
    for (const answer of [
      { status: 200, body: "<html>welcome</html>" },
      { status: 200, body: "{}" },
      { status: 200, body: "" },
      { status: 204 },
      { status: 302, headers: { location: "https://evil.example" } },
      { status: 400 },
      { status: 403 },
      { status: 418 },
      { status: 500 },
    ]) {
      // GitHub's probe reads the status alone: 200 means that the token was let in.
      const given = await opened(sample, always(answer)).revoker.probe(subject, never);
      expect(given, JSON.stringify(answer)).not.toBe("refused");
    }
  });

  test("revoking what is dead changes nothing, and is not counted as ours where the system's record tells", async () => {
    if (sample.refused === undefined) return;
    const { revoker, http } = opened(sample, { ...sample.answers, ...sample.refused });
    const outcome = await revoker.revoke(subject, never);
    expect(outcome.kind).toBe("done");
    if (!HAS_A_RECORD.has(type)) return;
    expect(outcome).toMatchObject({ already: true });
    expect(http.whats().some((what) => /^(DELETE|PUT)|update|block$/.test(what))).toBe(false);
  });

  test("an id that the system does not know is no proof of death", async () => {
    if (sample.unknownId === undefined) return;
    const { revoker } = opened(sample, sample.unknownId);
    expect(await revoker.revoke(subject, never)).toMatchObject({ kind: "refused" });
    expect(await revoker.probe(subject, never)).toBe("unknown");
  });

  test.each([408, 429, 500, 502, 503, 504])("%d is tried again", async (status) => {
    for (const outcome of await both(always({ status, headers: { "retry-after": "7" } }))) {
      expect(outcome).toMatchObject({ kind: "retry", afterMs: 7000 });
    }
  });

  test.each([400, 401, 403, 404, 405, 409, 422])("%d is never taken for done", async (status) => {
    const answer = { status, body: { error: "x", message: "y", err: "invalid_key" } };
    for (const outcome of await both(always(answer))) {
      // A client or user that does not exist leaves nothing to do, which only the system's own record may say.
      expect(outcome.kind, JSON.stringify(outcome)).not.toBe("done");
      expect(outcome.kind).not.toBe("retry");
    }
  });

  test("that our own access is refused is told as that", async () => {
    const { revoker } = opened(sample, always({ status: 403 }));
    const outcome = await revoker.revoke(subject, never);
    expect(outcome).toMatchObject({ kind: "refused", reason: expect.stringMatching(/access/) });
  });

  test("no answer is tried again, a target that may not be reached is not", async () => {
    const unreached = new TriplineError("TRIPLINE_EGRESS_UNREACHED", "x was not reached", {
      kind: "retriable",
    });
    for (const outcome of await both(always(unreached))) expect(outcome.kind).toBe("retry");
    const refused = new TriplineError("TRIPLINE_EGRESS_REFUSED", "x leads to an internal address");
    for (const outcome of await both(always(refused))) expect(outcome.kind).toBe("refused");
  });

  test("no secret and nothing that the system wrote is in any outcome", async () => {
    const echo = `hostile-echo ${secretsOf(sample).join(" ")}`;
    for (const status of [200, 201, 204, 302, 400, 401, 403, 404, 409, 422, 429, 500]) {
      const outcomes = await both(
        always({ status, body: { error: echo, message: echo, err: echo, detail: echo } }),
      );
      const told = JSON.stringify(outcomes);
      for (const text of [...secretsOf(sample), "hostile-echo"]) expect(told).not.toContain(text);
    }
  });

  test("a secret that is gone is an outcome like any other", async () => {
    const http = new RecordedHttp(sample.answers);
    let reads = 0;
    const { createRevoker } = await import("./index.ts");
    const gone = () => {
      reads += 1;
      if (reads > 3) throw new TriplineError("TRIPLINE_SECRET_UNREADABLE", "the file is empty");
      return sample.secret ?? "s";
    };
    const config = revokerSchema.parse({ name: "issuer", ...sample.settings });
    const deps = { http, secret: gone, file: () => undefined, now: () => 0 };
    const revoker = createRevoker(config, deps);
    reads = 4;
    expect(["refused", "impossible"]).toContain((await revoker.revoke(subject, never)).kind);
  });
});
