import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Revocation, revocationBytes, revocationKey, TOPICS } from "@tripline/events";
import { type ConnectedInterceptor, connectInterceptor } from "@tripline/interceptor";
import { signingKeyFromPem, signRevocation } from "@tripline/response";
import { openLog } from "@tripline/stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordLine } from "./support/record-line.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { type StoredRow, storedRecords } from "./support/stored-records.ts";
import { waitFor } from "./support/wait-for.ts";

const TENANT = "local"; // the tenant that a first start makes
const GENUINE = "local:genuine";
const folder = mkdtempSync(join(tmpdir(), "tripline-forged-"));
const data = join(folder, "data");

interface IngestAnswer {
  accepted: number;
  refused: { line: number; code: string; message: string }[];
}

let service: Standalone;
/** Speaks for `local:` and for the keys of acme. */
let gateway = "";
/** Holds a key that `local:bound` is bound to. */
let laptop = "";

async function enrol(body: Record<string, unknown>): Promise<string> {
  const { key } = await service.json<{ key: string }>("/v1/producers", {
    method: "POST",
    body: JSON.stringify(body),
  });
  return key;
}

async function tokenWith(role: string): Promise<string> {
  const { token } = await service.json<{ token: string }>("/v1/tokens", {
    method: "POST",
    body: JSON.stringify({ id: `only-${role}`, roles: [role] }),
  });
  return token;
}

async function ingest(key: string, lines: string[]): Promise<IngestAnswer> {
  const response = await fetch(`${service.url}/v1/records`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
    body: lines.join("\n"),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as IngestAnswer;
}

/** As any program can ask: with every header as it likes. */
function ask(method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<number> {
  const { hostname, port } = new URL(service.url);
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const sent = httpRequest(
      {
        method,
        path,
        hostname,
        port,
        headers: {
          ...(text === undefined
            ? {}
            : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }),
          ...headers,
        },
      },
      (response) => {
        response.resume().once("end", () => resolve(response.statusCode ?? 0));
      },
    );
    sent.once("error", reject).end(text);
  });
}

const revocation = (subject: string, id: string): Revocation => ({
  v: 1,
  id,
  tenant: TENANT,
  scope: "credential",
  subject,
  state: "active",
  reason: "forged",
  by: "policy",
  decided_at: new Date().toISOString(),
});

/** Entries that somebody with the log's files, and not the responder's key, can make. By the credential they aim at. */
async function writeForgedEntries(): Promise<string[]> {
  const ours = signingKeyFromPem(readFileSync(join(data, "keys", "responder.pem"), "utf8"), "the key");
  const { privateKey } = generateKeyPairSync("ed25519");
  const signedWith = (entry: Revocation, keyId: string) => ({
    ...entry,
    key_id: keyId,
    signature: sign(null, revocationBytes(entry), privateKey).toString("base64url"),
  });
  const unsigned = revocation("local:unsigned", "f-1");
  const stranger = revocation("local:stranger", "f-2");
  const borrowed = revocation("local:borrowed", "f-3");
  const altered = { ...signRevocation(revocation("local:harmless", "f-4"), ours), subject: "local:altered" };
  const empty = { ...revocation("local:empty", "f-5"), key_id: ours.id, signature: "" };
  const entries: [string, unknown][] = [
    [revocationKey(unsigned), unsigned],
    [revocationKey(stranger), signedWith(stranger, "ed25519-0123456789abcdef")],
    [revocationKey(borrowed), signedWith(borrowed, ours.id)],
    [revocationKey(altered), altered],
    [revocationKey(empty), empty],
    [revocationKey(revocation("local:text", "f-6")), "revoke everything"],
  ];
  const log = await openLog({ dataDir: data });
  try {
    await log.produce(
      TOPICS.revocations,
      entries.map(([key, value]) => ({ key, value: Buffer.from(JSON.stringify(value)) })),
    );
  } finally {
    await log.close();
  }
  return ["unsigned", "stranger", "borrowed", "altered", "empty", "text"].map((who) => `local:${who}`);
}

beforeAll(async () => {
  service = await startStandalone({ data });
  gateway = await enrol({ id: "gateway", issuers: ["local", "key:acme"] });
  laptop = await enrol({ id: "laptop", issuers: [], credentials: ["local:bound"] });
});
afterAll(async () => {
  await service?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe("a producer speaks for nobody else", () => {
  const forgeries = [
    { what: "a tenant", over: { tenant: "acme" }, code: "TRIPLINE_TENANT_REFUSED" },
    { what: "a producer", over: { producer: "laptop" }, code: "TRIPLINE_PRODUCER_REFUSED" },
    {
      what: "a credential of another issuer",
      over: { actor: { credential: "key:other/7", assurance: "verified" } },
      code: "TRIPLINE_CREDENTIAL_REFUSED",
    },
    {
      what: "a credential whose issuer only begins alike",
      over: { actor: { credential: "key:acme2/7", assurance: "verified" } },
      code: "TRIPLINE_CREDENTIAL_REFUSED",
    },
    {
      what: "a grant",
      over: { actor: { credential: "grant:https://idp.test/app/ana", assurance: "verified" } },
      code: "TRIPLINE_CREDENTIAL_REFUSED",
    },
    {
      what: "`verified` for a name that nobody checks",
      over: { actor: { credential: "local:bound", assurance: "verified" } },
      code: "TRIPLINE_ASSURANCE_REFUSED",
    },
    {
      what: "`verified` for nobody",
      over: { actor: { assurance: "verified" } },
      code: "TRIPLINE_ASSURANCE_REFUSED",
    },
    {
      what: "a decision of the responder",
      over: {
        type: "decision",
        decision: {
          kind: "reinstated",
          reason: "because",
          by: "policy",
          scope: "credential",
          subject: GENUINE,
        },
      },
      code: "TRIPLINE_TYPE_REFUSED",
    },
    {
      what: "a reader's access",
      over: {
        type: "access",
        access: { by: "administrator", action: "calls.search", query: "", records: 0 },
      },
      code: "TRIPLINE_TYPE_REFUSED",
    },
    { what: "a tick", over: { type: "tick" }, code: "TRIPLINE_TYPE_REFUSED" },
  ];

  it("is refused line by line, and nothing of it is stored", async () => {
    const forged = forgeries.map(({ over }) => recordLine({ tenant: TENANT, producer: "gateway", ...over }));
    const honest = recordLine({ tenant: TENANT, producer: "gateway" });
    const answer = await ingest(gateway, [...forged.map(({ line }) => line), honest.line]);
    expect(answer.accepted).toBe(1);
    expect(answer.refused.map(({ line, code }) => `${forgeries[line]?.what}: ${code}`)).toEqual(
      forgeries.map(({ what, code }) => `${what}: ${code}`),
    );
    await waitFor(async () => (await service.request(`/api/calls/${honest.id}`)).ok, {
      what: "the honest record",
    });
    for (const [at, { id }] of forged.entries()) {
      const { status } = await service.request(`/api/calls/${id}`);
      expect(status, forgeries[at]?.what).toBe(404);
    }
  });

  it("lets the holder of a bound key vouch for that credential, and for no other", async () => {
    const as = (credential: string) =>
      recordLine({ tenant: TENANT, producer: "laptop", actor: { credential, assurance: "verified" } }).line;
    expect((await ingest(laptop, [as("local:bound")])).accepted).toBe(1);
    expect((await ingest(laptop, [as("local:demo")])).refused[0]?.code).toBe("TRIPLINE_CREDENTIAL_REFUSED");
  });

  it("keeps the keys of other producers, and people's tokens, from ingesting", async () => {
    for (const [token, status] of [
      ["", 401],
      ["tlp_guessed", 401],
      [service.client.token, 403],
    ] as const) {
      const response = await fetch(`${service.url}/v1/records`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
        body: recordLine({ tenant: TENANT, producer: "gateway" }).line,
      });
      expect(response.status).toBe(status);
    }
    expect(
      (await service.json<{ calls: StoredRow[] }>("/api/calls?producer=laptop")).calls.length,
    ).toBeLessThanOrEqual(1);
  });
});

describe("a revocation that the responder did not sign", () => {
  let interceptor: ConnectedInterceptor;
  let aimedAt: string[];

  beforeAll(async () => {
    await service.json("/api/revocations", {
      method: "POST",
      body: JSON.stringify({ scope: "credential", subject: GENUINE, reason: "a real one" }),
    });
    await service.stop();
    aimedAt = await writeForgedEntries();
    service = await startStandalone({ data });
    interceptor = await connectInterceptor({
      url: service.url,
      ingestKey: gateway,
      stateDir: join(folder, "agent"),
      onWarning: () => undefined,
    });
  });
  afterAll(async () => {
    await interceptor?.close();
  });

  const decide = (credential: string) =>
    interceptor.begin({
      caller: { credential, assurance: "asserted" },
      session: { id: "s", source: "conversation" },
      target: { server: "files", tool: "read_file", transport: "in_process" },
      method: "tools/call",
      args: {},
    });

  it("stops no call, while the genuine one beside it does", async () => {
    await waitFor(() => decide(GENUINE).kind === "deny", { what: "the genuine revocation" });
    await waitFor(() => interceptor.stats().denyList === "fresh", { what: "the whole list" });
    for (const credential of aimedAt) {
      const verdict = decide(credential);
      expect(verdict.kind, credential).toBe("allow");
      if (verdict.kind === "allow") verdict.call.end({ outcome: "ok", text: "", bytes: 0, items: 0 });
    }
  });

  it("is not shown: the archiver puts it into the dead letters and counts it", async () => {
    await waitFor(
      async () => {
        const counted = await service.metrics("tripline_archiver_rejected_total");
        return Object.values(counted).reduce((sum, value) => sum + value, 0) >= aimedAt.length;
      },
      { what: "the forged entries to be refused" },
    );
    const { revocations } = await service.json<{ revocations: { id: string; subject: string }[] }>(
      "/api/revocations",
    );
    expect(revocations.map(({ subject }) => subject)).toEqual([GENUINE]);
    for (const id of ["f-1", "f-2", "f-3", "f-4", "f-5", "f-6"])
      expect((await service.request(`/api/revocations/${id}`)).status, id).toBe(404);
  });

  it("is told to on-call, once", async () => {
    const told = () => service.json<{ alerts: { id: string }[] }>("/api/alerts?rule=revocation-forged");
    await waitFor(async () => (await told()).alerts.length > 0, { what: "the alert" });
    expect((await told()).alerts).toHaveLength(1);
  });

  it("is unknown to the responder, which counts it and goes on", async () => {
    for (const id of ["f-1", "f-2", "f-3", "f-4", "f-5", "f-6"]) {
      const answer = await service.request(`/api/revocations/${id}/reinstate`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ reason: "it was forged" }),
      });
      expect(answer.status, id).toBe(404);
    }
    const counted = await service.metrics("tripline_responder_revocations_refused_total");
    expect(counted.tripline_responder_revocations_refused_total).toBe(aimedAt.length);
    expect((await service.request("/health")).status).toBe(200);
    const applied = await storedRecords(service, "producer=gateway&type=revocation.applied");
    expect(applied.length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["POST", "/v1/revocations"],
    ["PUT", "/v1/revocations"],
    ["DELETE", "/v1/revocations"],
    ["POST", "/api/revocations"],
    ["POST", "/api/revocations/f-1/reinstate"],
  ])("can't be handed in with an ingest key: %s %s", async (method, path) => {
    const status = await ask(
      method,
      path,
      { authorization: `Bearer ${gateway}` },
      { ...revocation("local:handed-in", "f-9"), key_id: "k", signature: "s" },
    );
    expect([403, 404, 405]).toContain(status);
    expect(decide("local:handed-in").kind).toBe("allow");
  });
});

describe("who asks from elsewhere", () => {
  it("is refused under a name that is not served here", async () => {
    const headers = { authorization: `Bearer ${service.client.token}` };
    const { port } = new URL(service.url);
    for (const host of ["evil.test", `evil.test:${port}`, "127.0.0.1.evil.test", "[::2]"]) {
      expect(await ask("GET", "/api/calls", { ...headers, host }), host).toBe(421);
      expect(await ask("GET", "/", { ...headers, host }), host).toBe(421);
      expect(await ask("GET", "/metrics", { ...headers, host }), host).toBe(421);
    }
    expect(await ask("GET", "/api/calls", { ...headers, host: `localhost:${port}` })).toBe(200);
  });

  it.each([
    { origin: "https://evil.test" },
    { origin: "http://127.0.0.1:9" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
    { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" },
  ])("is refused from a page of another origin: %j", async (from) => {
    const headers: Record<string, string> = {
      authorization: `Bearer ${service.client.token}`,
      ...Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)),
    };
    expect(await ask("GET", "/api/calls", headers)).toBe(403);
    const body = { scope: "credential", subject: "local:page", reason: "a page said so" };
    expect(await ask("POST", "/api/revocations", headers, body)).toBe(403);
  });
});

describe("a role does what it says and no more", () => {
  const revoke = { scope: "credential", subject: "local:by-role", reason: "a test of roles" };
  const routes = [
    ["GET", "/api/calls", undefined, "read"],
    ["GET", "/api/alerts", undefined, "read"],
    ["GET", "/api/revocations", undefined, "read"],
    ["GET", "/api/response", undefined, "read"],
    ["GET", "/api/calls/0192f5a0-0000-7000-8000-ffffffffffff/payload", undefined, "read_payload"],
    ["POST", "/api/revocations", revoke, "respond"],
    ["POST", "/api/revocations/unknown/reinstate", { reason: "a test of roles" }, "respond"],
    ["GET", "/api/proposals", undefined, "read"],
    ["POST", "/api/proposals/unknown/approve", undefined, "respond"],
    ["POST", "/api/proposals/unknown/reject", { reason: "a test of roles" }, "respond"],
    ["POST", "/api/response/resume", { reason: "a test of roles" }, "respond"],
    ["POST", "/api/drill", undefined, "administer"],
    ["POST", "/api/erasures", { session: "by-role", reason: "a test of roles", dry_run: true }, "erase"],
    ["GET", "/api/erasures", undefined, "read"],
    ["POST", "/api/holds", { session: "by-role", reason: "a test of roles" }, "hold"],
    ["POST", "/api/holds/0192f5a0-0000-7000-8000-ffffffffffff/release", { reason: "a test" }, "hold"],
    ["GET", "/api/holds", undefined, "read"],
    ["PUT", "/api/response/rules/secret-read-then-sent", { enabled: false }, "administer"],
    ["GET", "/v1/producers", undefined, "administer"],
    ["POST", "/v1/producers", { id: "made-by-role" }, "administer"],
    ["DELETE", "/v1/producers/unknown", undefined, "administer"],
    ["GET", "/v1/tokens", undefined, "administer"],
    ["POST", "/v1/tokens", { id: "made-by-role", roles: ["read"] }, "administer"],
    ["DELETE", "/v1/tokens/unknown", undefined, "administer"],
  ] as const;

  it("holds for each role and each route", async () => {
    for (const role of ["read", "read_payload", "respond", "erase", "hold", "administer"]) {
      const token = await tokenWith(role);
      for (const [method, path, body, needed] of routes) {
        const status = await ask(method, path, { authorization: `Bearer ${token}` }, body);
        const where = `${method} ${path} with ${role}`;
        // 409: nothing stands still, and no drill is configured
        if (role === needed) expect([200, 201, 404, 409], where).toContain(status);
        else expect(status, where).toBe(403);
      }
    }
  });

  it("is nothing for strangers and for producers", async () => {
    for (const [method, path, body] of routes) {
      expect(await ask(method, path, {}, body), path).toBe(401);
      expect(await ask(method, path, { authorization: "Bearer tlu_guessed" }, body), path).toBe(401);
      expect(await ask(method, path, { authorization: `Bearer ${gateway}` }, body), path).toBe(403);
    }
  });
});
