import { mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { createContext } from "../create-context.ts";
import { createHttpServer } from "../http/index.ts";
import { AccessRegistry, accessOf, bootstrapAccess, createGuards, producerOf } from "./index.ts";

let directory: string;
let path: string;
let now = 1_760_000_000_000;
const context = createContext({ service: "test", logLevel: "silent", now: () => now });
const opened: AccessRegistry[] = [];

async function open(): Promise<AccessRegistry> {
  const access = await AccessRegistry.open({ path, logger: context.logger, now: context.now });
  opened.push(access);
  return access;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tripline-access-"));
  path = join(directory, "new", "access.json");
});
afterEach(async () => {
  for (const access of opened.splice(0)) access.close();
  await rm(directory, { recursive: true });
});

describe("AccessRegistry", () => {
  it("knows a token from its hash alone, in a file that only its owner may read", async () => {
    const access = await open();
    const person = await access.createPerson({ id: "ana", tenant: "acme", roles: ["read"] });
    const producer = await access.createProducer({ id: "gw", tenant: "acme", issuers: ["local"], quota: 5 });
    expect(person.token).toMatch(/^tlu_[A-Za-z0-9_-]{43}$/);
    expect(producer.token).toMatch(/^tlp_[A-Za-z0-9_-]{43}$/);
    const text = await readFile(path, "utf8");
    expect(text).not.toContain(person.token.slice(4));
    expect(text).not.toContain(producer.token.slice(4));
    expect((await stat(path)).mode & 0o777).toBe(0o600);

    const again = await open();
    expect(again.authenticate(person.token)).toMatchObject({
      kind: "person",
      person: { id: "ana", roles: ["read"] },
    });
    expect(again.authenticate(producer.token)).toMatchObject({
      kind: "producer",
      producer: { id: "gw", quota: 5 },
    });
    expect(again.authenticate(`${person.token}x`)).toBeNull();
    expect(JSON.stringify([again.people("acme"), again.authenticate(person.token)])).not.toContain("sha256");
  });

  it("sees within a second what another process changed", async () => {
    const [one, other] = [await open(), await open()];
    const { token } = await one.createPerson({ id: "ana", tenant: "acme", roles: ["read"] });
    await waitFor(() => other.authenticate(token));
    await other.revokePerson("acme", "ana");
    await waitFor(() => one.authenticate(token) === null);
  });

  it("loses no change when several processes make some at once", async () => {
    const registries = await Promise.all([open(), open(), open()]);
    await Promise.all(
      registries.flatMap((access, i) =>
        [0, 1, 2].map((j) => access.createProducer({ id: `p${i}${j}`, tenant: "acme", issuers: [] })),
      ),
    );
    expect((await open()).producers("acme")).toHaveLength(9);
  });

  it("breaks a lock that a dead process left", async () => {
    const access = await open();
    await writeFile(`${path}.lock`, "");
    await utimes(`${path}.lock`, 1, 1);
    await access.createPerson({ id: "ana", tenant: "acme", roles: [] });
    expect(access.people("acme")).toHaveLength(1);
  });

  it("keeps to the last good list when the file is broken, and refuses to open one", async () => {
    const access = await open();
    const { token } = await access.createPerson({ id: "ana", tenant: "acme", roles: ["read"] });
    await writeFile(path, '{"v":1,"people":[{"id":"x"}]}');
    await expect(access.reload()).rejects.toMatchObject({ code: "TRIPLINE_ACCESS_FILE" });
    expect(access.authenticate(token)).not.toBeNull();
    await expect(open()).rejects.toMatchObject({ code: "TRIPLINE_ACCESS_FILE" });
  });

  it("says what to do about a directory that is none", async () => {
    await writeFile(join(directory, "new"), "a file");
    await expect(open()).rejects.toMatchObject({
      code: "TRIPLINE_DATA_DIRECTORY",
      message: expect.stringContaining("--data"),
    });
  });

  it("refuses expired tokens, taken ids, and revocations from another tenant", async () => {
    const access = await open();
    const expires_at = new Date(now + 1_000).toISOString();
    const { token } = await access.createPerson({ id: "ana", tenant: "acme", roles: ["read"], expires_at });
    const gw = await access.createProducer({ id: "gw", tenant: "acme", issuers: [], expires_at });
    expect(access.authenticate(token)).not.toBeNull();
    expect(access.isEnrolled("gw")).toBe(true);
    now += 1_000;
    expect(access.authenticate(token)).toBeNull();
    expect(access.authenticate(gw.token)).toBeNull();
    expect(access.isEnrolled("gw")).toBe(false);
    await expect(access.createProducer({ id: "gw", tenant: "evil", issuers: [] })).rejects.toMatchObject({
      code: "TRIPLINE_ACCESS_EXISTS",
    });
    expect(await access.revokeProducer("evil", "gw")).toBe(false);
    expect(access.producers("evil")).toEqual([]);
  });

  it.each(["policy", "", "a b", "a/b"])("makes no person of the id %j", async (id) => {
    const access = await open();
    await expect(access.createPerson({ id, tenant: "acme", roles: ["read"] })).rejects.toMatchObject({
      code: "TRIPLINE_ACCESS_ID",
    });
    expect(access.people("acme")).toEqual([]);
  });

  it("sets up an administrator and a local producer once, and anew when asked", async () => {
    const access = await open();
    const first = await bootstrapAccess(access);
    expect(access.authenticate(first?.administrator_token ?? "")).toMatchObject({
      person: { tenant: "local" },
    });
    expect(access.authenticate(first?.producer_token ?? "")).toMatchObject({
      producer: { issuers: ["local"] },
    });
    expect(await bootstrapAccess(access)).toBeNull();
    const second = await bootstrapAccess(access, { reissue: true });
    expect(access.authenticate(first?.administrator_token ?? "")).toBeNull();
    expect(access.authenticate(second?.administrator_token ?? "")).not.toBeNull();
  });
});

describe("guards", () => {
  it("answer 401 without a known token, 403 without the role, and say who calls otherwise", async () => {
    const access = await open();
    const reader = await access.createPerson({ id: "ana", tenant: "acme", roles: ["read"] });
    const producer = await access.createProducer({ id: "gw", tenant: "acme", issuers: [] });
    const guards = createGuards(access);
    const { app } = createHttpServer({
      context,
      host: "127.0.0.1",
      port: 0,
      publicHosts: [],
      allowedOrigins: [],
    });
    app.get("/read", { onRequest: guards.requireRole("read") }, async (request) => accessOf(request));
    app.get("/respond", { onRequest: guards.requireRole("respond") }, async (request) => accessOf(request));
    app.get("/ingest", { onRequest: guards.requireProducer }, async (request) => producerOf(request));
    app.get("/open", async (request) => accessOf(request));
    const get = async (url: string, authorization?: string) => {
      const answer = await app.inject({ url, headers: authorization === undefined ? {} : { authorization } });
      return [answer.statusCode, answer.json().error?.code ?? answer.json().id ?? answer.body];
    };
    expect(await get("/read", `Bearer ${reader.token}`)).toEqual([200, "ana"]);
    expect(await get("/read", `bearer  ${reader.token} `)).toEqual([200, "ana"]);
    expect(await get("/read")).toEqual([401, "TRIPLINE_TOKEN_MISSING"]);
    expect(await get("/read", `Basic ${reader.token}`)).toEqual([401, "TRIPLINE_TOKEN_MISSING"]);
    expect(await get("/read", "Bearer tlu_guess")).toEqual([401, "TRIPLINE_TOKEN_UNKNOWN"]);
    expect(await get("/respond", `Bearer ${reader.token}`)).toEqual([403, "TRIPLINE_ROLE_MISSING"]);
    expect(await get("/read", `Bearer ${producer.token}`)).toEqual([403, "TRIPLINE_ROLE_MISSING"]);
    expect(await get("/ingest", `Bearer ${reader.token}`)).toEqual([403, "TRIPLINE_PRODUCER_KEY_MISSING"]);
    expect((await get("/ingest", `Bearer ${producer.token}`))[0]).toBe(200);
    // A route whose guard was forgotten fails; it does not serve everybody.
    expect((await get("/open", `Bearer ${reader.token}`))[0]).toBe(500);
    await app.close();
  });
});
