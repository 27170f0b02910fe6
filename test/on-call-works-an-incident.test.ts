import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../packages/cli/src/program.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { waitFor } from "./support/wait-for.ts";

const SAMPLES = new URL("../packages/cli/samples/", import.meta.url).pathname;
const CREDENTIAL = "local:travel-agent";
const SLOW_MS = 90_000; // starts the service, and agents
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

interface Shown {
  incident: {
    state: string;
    rule: { id: string };
    alert: { id: string; actor?: { credential?: string } };
    done: { kind: string; revocation?: { id: string } };
    history: { kind: string; by: string; note?: string }[];
  };
  revocations: { revocation: { state: string } }[];
  proposed_where: Record<string, string> | null;
}

/** As a person at night does it: with the command alone, against the service as `npm start` starts it. */
describe("on-call works an incident", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-on-call-"));
  const told: string[] = [];
  let receiver: Server;
  let isDown = false;
  let service: Standalone;
  let id = "";

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        if (!isDown) told.push(body);
        response.statusCode = isDown ? 500 : 200;
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const { port } = receiver.address() as AddressInfo;
    const data = mkdtempSync(join(folder, "data-"));
    writeFileSync(
      join(data, "response.yaml"),
      [
        "notifiers:",
        `  - {name: on-call, type: webhook, url: "http://127.0.0.1:${port}/", secret: {env: ON_CALL_SECRET}}`,
        "routes:",
        "  - match: {min_severity: low}",
        "    notify: [on-call]",
        "egress: {allow_internal: [127.0.0.1]}",
        "approval: {people: 2, scopes: [server]}",
        "drills: [{tenant: local, credential: local:canary, within: 2s}]",
        "revokers:",
        `  - {name: llm, type: litellm, url: "http://127.0.0.1:${port}", admin_key: {env: ON_CALL_SECRET}}`,
        "",
      ].join("\n"),
      { mode: 0o600 },
    );
    service = await startStandalone({ data, env: { ON_CALL_SECRET: SECRET } });
    const traces = join(folder, "traces.ndjson");
    const travels = readFileSync(join(SAMPLES, "agentdojo.ndjson"), "utf8")
      .split("\n")
      .filter((line) => line.includes('"suite": "travel", "model": "meta-llama'));
    writeFileSync(traces, travels.join("\n"));
    const tools = join(SAMPLES, "tools.json");
    const replayed = ["--speed", "max", "--credential", CREDENTIAL, "--principal", "ana"];
    expect((await tripline("replay", traces, "--tools", tools, ...replayed)).code).toBe(0);
    id = await waitFor(
      async () => {
        const { out } = await tripline("incidents", "list", "--credential", CREDENTIAL, "--json");
        const [first] = out.split("\n");
        return first === undefined || first === "" ? null : String(JSON.parse(first).id);
      },
      { what: "an incident", timeoutMs: 20_000 },
    );
  }, SLOW_MS);
  afterAll(async () => {
    await service?.dispose();
    receiver?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function tripline(...line: string[]) {
    return await triplineAs({}, ...line);
  }

  async function triplineAs(env: Record<string, string>, ...line: string[]) {
    let out = "";
    let err = "";
    const code = await run(line, {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      env: env.TRIPLINE_URL === undefined ? { TRIPLINE_HOME: service.data } : env,
      home: folder,
      now: () => new Date(),
      width: null,
      signal: new AbortController().signal,
    });
    return { code, out, err };
  }

  async function show(): Promise<Shown> {
    return JSON.parse((await tripline("incidents", "show", id, "--json")).out);
  }

  const becomes = (what: string, isSo: (shown: Shown) => boolean) =>
    waitFor(
      async () => {
        const shown = await show();
        return isSo(shown) ? shown : null;
      },
      { what },
    );

  it("hears of it, and reads in words what happened and what to do", async () => {
    await waitFor(() => told.some((body) => body.includes(id)), { what: "somebody to be told" });
    const { out } = await tripline("incidents", "show", id.slice(0, 12));
    for (const words of ["Whose", "What was done", "What to do", "What happened", "opened by policy"]) {
      expect(out).toContain(words);
    }
    expect(out).toContain(CREDENTIAL);
    const { incident } = await show();
    expect((await tripline("alert", incident.alert.id)).out).toContain(
      `tripline incidents show ${id.slice(0, 12)}`,
    );
    expect((await tripline("alerts", "--incident", id, "--json")).out).toContain(incident.alert.id);
  });

  it("takes it, revokes, gives back, resolves and reopens; each is in its history with who did it", async () => {
    expect((await tripline("incidents", "acknowledge", id.slice(0, 12), "--note", "looking")).out).toBe(
      `incident ${id.slice(0, 12)} is acknowledged\n`,
    );
    expect((await tripline("incidents", "acknowledge", id)).err).toContain("acknowledged already");
    const { incident } = await becomes(
      "it to be acknowledged",
      (shown) => shown.incident.state === "acknowledged",
    );
    await tripline("revoke", "credential", CREDENTIAL, "--alert", incident.alert.id, "--reason", "stop");
    const revoked = await becomes(
      "the key to be gone",
      (shown) => shown.incident.done.kind === "revoked" && shown.revocations.length === 1,
    );
    expect(revoked.revocations[0]?.revocation.state).toBe("active");
    const revocation = revoked.incident.done.revocation?.id ?? "";
    await tripline("reinstate", revocation, "--reason", "was ours");
    await becomes("the key to be back", (shown) => shown.incident.done.kind === "reinstated");
    expect((await tripline("incidents", "resolve", id, "--note", "over")).code).toBe(0);
    expect((await tripline("incidents", "reopen", id, "--note", "not over")).code).toBe(0);
    const { incident: last } = await becomes("it to be open", (shown) => shown.incident.state === "open");
    const person = last.history.filter(({ by }) => by !== "policy" && by !== "timer");
    expect(person.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["acknowledged", "revoked", "reinstated", "resolved", "reopened"]),
    );
    expect(person.map(({ note }) => note)).toEqual(expect.arrayContaining(["looking", "over", "not over"]));
  });

  it("mutes it for a time, and ends that early", async () => {
    const made = await tripline(
      "mute",
      "add",
      "--credential",
      CREDENTIAL,
      "--until",
      "8h",
      "--reason",
      "known",
      "--json",
    );
    const mute = String(JSON.parse(made.out).id);
    expect((await tripline("mute", "list")).out).toContain(`credential=${CREDENTIAL}`);
    expect((await tripline("mute", "add", "--rule", "x", "--until", "400d", "--reason", "no")).code).toBe(2);
    expect((await tripline("mute", "remove", mute, "--reason", "over")).code).toBe(0);
    expect((await tripline("mute", "list")).err).toBe("nothing is muted\n");
    expect((await tripline("mute", "remove", mute, "--reason", "over")).code).toBe(3);
  });

  it("calls it a false positive with an exception of the rule, and ends that", async () => {
    const { proposed_where, incident } = await show();
    expect(proposed_where).toMatchObject({ credential: CREDENTIAL });
    const ended = await tripline(
      "incidents",
      "false-positive",
      id,
      "--reason",
      "a test",
      "--except",
      "--until",
      "7d",
    );
    expect(ended).toMatchObject({ code: 0, out: `incident ${id.slice(0, 12)} is false positive\n` });
    const { out } = await tripline("exceptions", "list", "--json");
    const exception = JSON.parse(out);
    expect(exception).toMatchObject({ rule: incident.rule.id, where: proposed_where, incident_id: id });
    expect((await tripline("exceptions", "list")).out).toContain("a test");
    expect((await tripline("exceptions", "remove", exception.id, "--reason", "over")).code).toBe(0);
    expect((await tripline("exceptions", "list")).err).toBe("no exceptions\n");
  });

  it("tries whether people would hear of it", async () => {
    expect((await tripline("notify", "list")).out).toMatch(/on-call +\S+ +\d+ +ok/);
    const before = told.length;
    expect((await tripline("notify", "test", "on-call")).code).toBe(0);
    expect(told.length).toBeGreaterThan(before);
    isDown = true;
    expect((await tripline("notify", "test", "on-call")).code).toBe(1);
    isDown = false;
    expect((await tripline("notify", "test", "nobody")).code).toBe(3);
  });

  it("finds what waits for others, and what stands still", async () => {
    expect((await tripline("response", "show")).out).toContain("no rule revokes by itself");
    expect((await tripline("response", "show")).out).toContain("revokes at llm (litellm, http://127.0.0.1:");
    expect((await tripline("response", "proposals")).err).toBe("nothing waits for approval\n");
    expect((await tripline("approve", "abcdef12")).code).toBe(3);
    expect((await tripline("reject", "abcdef12", "--reason", "no")).code).toBe(3);
    expect((await tripline("response", "resume", "--reason", "no")).err).toContain("does not stand still");
  });

  it("revokes with the word of two people only, where that is asked for", async () => {
    const propose = async (server: string) => {
      const { out } = await tripline("revoke", "server", server, "--reason", "all of it", "--json");
      return String(JSON.parse(out).proposal_id);
    };
    const first = await propose("mail");
    expect((await tripline("response", "show")).out).toContain(`tripline approve ${first.slice(0, 13)}`);
    expect((await tripline("approve", first)).err).toContain("another person");
    const file = join(folder, "second.token");
    await tripline("tokens", "add", "ben", "--role", "read", "--role", "respond", "--key-file", file);
    const ben = { TRIPLINE_URL: service.url, TRIPLINE_TOKEN: readFileSync(file, "utf8").trim() };
    expect((await triplineAs(ben, "approve", first)).out).toBe("server mail is refused from now on\n");
    const second = await propose("files");
    expect((await triplineAs(ben, "reject", second, "--reason", "not all")).out).toBe(
      "rejected: server files stays allowed\n",
    );
    expect((await tripline("response", "proposals")).out).toBe("");
    const live = await waitFor(async () => (await tripline("revocations", "--state", "active")).out, {
      what: "the revocation to be stored",
    });
    expect(live).toContain("mail");
    expect(live).not.toContain("files");
  });

  it("drills with a canary, and ends as the drill did", async () => {
    const told = await tripline("drill", "--json");
    const report = JSON.parse(told.out);
    expect(report).toMatchObject({ credential: "local:canary", tenant: "local" });
    expect(told.code).toBe(report.ok ? 0 : 1);
    const { out } = await tripline("drill");
    expect(out).toContain("drill with local:canary");
    expect(out).toMatch(/decided and durable after \d/);
  });

  it("decides nothing without the role, whatever the token may read", async () => {
    const file = join(folder, "reader.token");
    await tripline("tokens", "add", "reader", "--role", "read", "--key-file", file);
    const env = { TRIPLINE_URL: service.url, TRIPLINE_TOKEN: readFileSync(file, "utf8").trim() };
    expect((await triplineAs(env, "incidents", "list")).code).toBe(0);
    for (const line of [
      ["incidents", "acknowledge", id],
      ["incidents", "reopen", id],
      ["incidents", "false-positive", id, "--reason", "x", "--except"],
      ["mute", "add", "--rule", "x", "--until", "8h", "--reason", "x"],
      ["exceptions", "remove", "x", "--reason", "x"],
      ["notify", "test", "on-call"],
      ["response", "resume", "--reason", "x"],
      ["drill"],
    ]) {
      expect((await triplineAs(env, ...line)).code, line.join(" ")).toBe(4);
    }
  });
});
