import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../packages/cli/src/program.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { waitFor } from "./support/wait-for.ts";

const SAMPLE = new URL("../packages/cli/samples/agentdojo.ndjson", import.meta.url).pathname;
const RULE = "secret-read-then-sent";
const folder = mkdtempSync(join(tmpdir(), "tripline-command-"));
let service: Standalone;

beforeAll(async () => {
  service = await startStandalone();
});
afterAll(async () => {
  await service?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A command line on the machine where the service runs, so without any setting but the data directory. */
async function tripline(
  line: string,
  more: { env?: Record<string, string>; signal?: AbortSignal; onOut?(text: string): void } = {},
) {
  let out = "";
  let err = "";
  const code = await run(line.split(" "), {
    out: (text) => {
      out += text;
      more.onOut?.(text);
    },
    err: (text) => {
      err += text;
    },
    env: { TRIPLINE_HOME: service.data, ...more.env },
    home: folder,
    now: () => new Date(),
    width: null,
    signal: more.signal ?? new AbortController().signal,
  });
  return { code, out, err };
}

describe("the command against the real service", () => {
  it("says that all parts are ready", async () => {
    const { code, out } = await tripline("health");
    expect(code).toBe(0);
    expect(out).toMatch(/detector\s+ready/);
  });

  it("replays recorded agents, and finds every call again, page by page", async () => {
    const { code, out } = await tripline(
      `replay ${SAMPLE} --speed max --credential {suite}-agent --principal ana --json`,
    );
    expect(code).toBe(0);
    const { calls } = JSON.parse(out);
    const found = await waitFor(
      async () => {
        const { out: lines } = await tripline("calls --principal ana --limit 1000 --json");
        const ids = lines.trim().split("\n");
        return ids.length === calls ? ids : null;
      },
      { what: "all calls to be stored", timeoutMs: 20_000 },
    );
    expect(new Set(found).size).toBe(calls);
    const { calls: page } = await service.json<{ calls: { id: string }[] }>("/api/calls?limit=7");
    expect(page).toHaveLength(7);
    expect((await tripline("alerts --json")).out.trim().split("\n").length).toBeGreaterThan(0);
  });

  it("finds calls by a text in them, and keeps that from who may only read", async () => {
    const { out } = await tripline("calls --text Los --json");
    expect(out).toContain("travel");
    await tripline(`tokens add reader --role read --key-file ${join(folder, "reader.token")}`);
    expect(statSync(join(folder, "reader.token")).mode & 0o077).toBe(0);
    const token = readFileSync(join(folder, "reader.token"), "utf8").trim();
    const env = { TRIPLINE_URL: service.url, TRIPLINE_TOKEN: token };
    expect((await tripline("calls --limit 1", { env })).code).toBe(0);
    expect((await tripline("calls --text Los", { env })).code).toBe(4);
    expect((await tripline("revoke credential local:x --reason no", { env })).code).toBe(4);
    expect((await tripline("tokens list")).out).toContain("reader");
    expect((await tripline("tokens remove reader")).code).toBe(0);
    await waitFor(async () => (await tripline("calls --limit 1", { env })).code === 4, {
      what: "the token to be refused",
    });
  });

  it("revokes and reinstates by hand", async () => {
    expect((await tripline("revoke credential local:travel-agent --reason drill")).out).toContain(
      "refused from now on",
    );
    const id = await waitFor(async () => {
      const { out } = await tripline("revocations --state active --json");
      return out === "" ? null : String(JSON.parse(out).id);
    });
    const { out } = await tripline(`replay ${SAMPLE} --speed max --credential travel-agent --limit 2 --json`);
    expect(JSON.parse(out).refused).toBeGreaterThan(0);
    await waitFor(async () => (await tripline(`revocations ${id}`)).out.includes("first call refused"), {
      what: "the refusal to be stored",
    });
    expect((await tripline(`reinstate ${id.slice(0, 13)} --reason over`)).code).toBe(0);
    await waitFor(async () => (await tripline("revocations --state active")).out === "", {
      what: "nothing to be refused",
    });
  });

  it("switches a rule's response on and off", async () => {
    expect((await tripline("response show")).out).toContain("no rule revokes by itself");
    expect((await tripline(`response enable ${RULE} --credential local:a --dry-run`)).out).toContain(
      "on for local:a",
    );
    expect((await tripline("response show")).out).toContain(`${RULE}  on for local:a, dry run`);
    expect((await tripline(`response disable ${RULE}`)).out).toContain("off");
  });

  it("enrols a producer, whose key is shown once", async () => {
    const { out } = await tripline("producers add gw-1 --issuer key:acme");
    expect(out).toMatch(/^tlp_\S+\n$/);
    expect((await tripline("producers list")).out).toMatch(/gw-1\s+key:acme/);
    expect((await tripline("producers add gw-1")).code).not.toBe(0);
    expect((await tripline("producers remove gw-1")).code).toBe(0);
    expect((await tripline("producers remove gw-1")).code).toBe(3);
  });

  it("prints alerts as they come, until it is interrupted", async () => {
    const interrupted = new AbortController();
    const watching = tripline("alerts --watch --json", {
      signal: interrupted.signal,
      onOut: (text) => {
        if (text.includes("local:watched")) interrupted.abort();
      },
    });
    await tripline(`replay ${SAMPLE} --speed max --credential watched --principal bob`);
    const { code, out } = await watching;
    expect(code).toBe(0);
    expect(out).toContain("local:watched");
  });
});
