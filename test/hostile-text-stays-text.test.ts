import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectInterceptor, wrapTool } from "@tripline/interceptor";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../packages/cli/src/program.ts";
import { CANARIES } from "./support/canaries.ts";
import { CHROMIUM, requirement } from "./support/requirements.ts";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { type StoredRow, storedRecords } from "./support/stored-records.ts";
import { waitFor } from "./support/wait-for.ts";

const CREDENTIAL = "local:stranger";
const SESSION = "s-hostile";
/** What a terminal obeys, or what changes the order in which people read. */
const DANGEROUS = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u;
const FORMULA = /^"?[\s']*[=+\-@|%]/; // as a spreadsheet would run it
const CSV_HEAD = "time,type,outcome";
const MAX_NAME_CHARS = 256;
const SHOWN = "document.querySelector('main').dataset.shows === location.hash";
const { missing } = requirement("chromium");
const SLOW_MS = 90_000; // a browser opens some forty views

/** Agents say whatever they like, and all of it goes the whole way: real calls, stored, shown in every way there is. */
describe("hostile text stays text", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-hostile-"));
  let service: Standalone;
  let rows: StoredRow[];
  let calls: StoredRow[];
  let incidents: string[];

  beforeAll(async () => {
    service = await startStandalone();
    const interceptor = await connectInterceptor({
      url: service.url,
      ingestKey: service.client.ingest_key,
      stateDir: join(folder, "agent"),
    });
    for (const text of Object.values(CANARIES)) {
      const name = text.slice(0, MAX_NAME_CHARS);
      const options = {
        interceptor,
        server: name,
        caller: { credential: CREDENTIAL, assurance: "asserted", agent: name, principal: name } as const,
        session: { id: SESSION, source: "conversation" } as const,
        environment: name,
      };
      await wrapTool(name, async (_: unknown) => text, options)({ [name]: text, list: [text] });
      const failing = wrapTool(
        name,
        async (_: unknown): Promise<string> => {
          throw new Error(text);
        },
        options,
      );
      await expect(failing({})).rejects.toThrow();
    }
    await interceptor.close();
    const expected = Object.keys(CANARIES).length * 2;
    rows = await waitFor(
      async () => {
        const found = await storedRecords(
          service,
          `credential=${CREDENTIAL}&type=call,call.intent&order=oldest`,
        );
        return found.filter((row) => row.type === "call").length === expected ? found : null;
      },
      { what: "every call to be stored" },
    );
    calls = rows.filter((row) => row.type === "call");
    incidents = await waitFor(
      async () => {
        const found = await service.json<{ incidents: { id: string }[] }>("/api/incidents?limit=5");
        return found.incidents.length > 0 ? found.incidents.map(({ id }) => id) : null;
      },
      { what: "an incident about it", timeoutMs: 20_000 },
    );
  });
  afterAll(async () => {
    await service?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  async function tripline(...line: string[]): Promise<string> {
    let out = "";
    const code = await run(line, {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        out += text;
      },
      env: { TRIPLINE_HOME: service.data },
      home: folder,
      now: () => new Date(),
      width: null,
      signal: new AbortController().signal,
    });
    expect(code, out).toBe(0);
    return out;
  }

  it("keeps what was said, so that it can be looked into", async () => {
    const { call } = await service.json<{ call: { payload: { result: string } } }>(
      `/api/calls/${calls[0]?.id}/payload`,
    );
    expect(call.payload.result).toBe(CANARIES.html);
    const { call: long } = await service.json<{ call: { payload: { cut: unknown } } }>(
      `/api/calls/${calls.at(-2)?.id}/payload`,
    );
    expect(long.payload.cut).toBeDefined();
  });

  it("does nothing to the terminal of who asks, and forges no line", async () => {
    const table = await tripline("calls", "--credential", CREDENTIAL, "--limit", "100");
    expect(table).not.toMatch(DANGEROUS);
    expect(table.trimEnd().split("\n").length).toBe(calls.length + 1);
    expect(await tripline("session", SESSION)).not.toMatch(DANGEROUS);
    expect(await tripline("alerts")).not.toMatch(DANGEROUS);
    expect(await tripline("incidents", "list", "--state", "all")).not.toMatch(DANGEROUS);
    for (const incident of incidents) {
      expect(await tripline("incidents", "show", incident)).not.toMatch(DANGEROUS);
      expect((await tripline("incidents", "show", incident, "--json")).trimEnd()).not.toMatch(DANGEROUS);
    }
    for (const row of calls) {
      const block = (await tripline("call", row.id, "--payload")).replaceAll("\t", ""); // harmless in a block
      expect(block).not.toMatch(DANGEROUS);
    }
  });

  it("is JSON, one value a line, with --json", async () => {
    const lines = (await tripline("calls", "--credential", CREDENTIAL, "--limit", "100", "--json"))
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line).id).sort()).toEqual(calls.map(({ id }) => id).sort());
    for (const line of lines) expect(line).not.toMatch(DANGEROUS);
    for (const row of calls) {
      const text = await tripline("call", row.id, "--payload", "--json");
      expect(text.trimEnd()).not.toMatch(DANGEROUS);
      JSON.parse(text);
    }
  });

  it("is no formula and no further row in a CSV file", async () => {
    const response = await service.request(`/api/calls?credential=${CREDENTIAL}&format=csv`);
    expect(response.headers.get("content-type")).toContain("text/csv");
    const lines = (await response.text()).trimEnd().split("\r\n");
    expect(lines[0]?.startsWith(CSV_HEAD)).toBe(true);
    expect(lines.length).toBe(calls.length + 1);
    for (const line of lines) {
      expect(line).not.toMatch(DANGEROUS);
      for (const field of line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)) {
        const value = field[1] ?? "";
        if (FORMULA.test(value)) expect(value).toMatch(/^"?'/);
      }
    }
  });

  it.skipIf(missing)(
    "runs no script in a browser, loads nothing, sets no title, hides nothing",
    { timeout: SLOW_MS },
    async () => {
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
      try {
        const page = await browser.newPage();
        const faults: string[] = [];
        page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
        page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
        page.on("console", (message) => {
          if (message.type() === "error") faults.push(message.text());
        });
        page.on("request", (request) => {
          if (!request.url().startsWith(service.url)) faults.push(`went to ${request.url()}`);
        });
        await page.goto(`${service.url}/#token=${service.client.token}`);
        await page.getByRole("heading", { name: "Incidents" }).waitFor();
        const routes = [
          `#/calls?credential=${encodeURIComponent(CREDENTIAL)}`,
          `#/sessions/${SESSION}`,
          "#/incidents",
          ...incidents.map((incident) => `#/incidents/${incident}`),
          "#/alerts",
          ...calls.map((row) => `#/calls/${row.id}`),
        ];
        for (const route of routes) {
          await page.evaluate(`location.hash = ${JSON.stringify(route)}`);
          await waitFor(() => page.evaluate(SHOWN), { what: `the view ${route}` });
          if (route.startsWith("#/calls/")) {
            await page.getByRole("button", { name: "Show arguments and result" }).click();
            await page.getByText("believe nothing it says").waitFor();
          }
          const found = "main script, main img, main iframe, main [onmouseover], main a[href^=javascript]";
          expect(
            await page.evaluate(`document.querySelectorAll(${JSON.stringify(found)}).length`),
            route,
          ).toBe(0);
          const text = String(await page.evaluate("document.querySelector('main').textContent"));
          // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
          expect(text, route).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u001b\u009b\0]/u);
          expect(["pwned", "owned"], "a title that was set, and not one that tells of it").not.toContain(
            await page.title(),
          );
        }
        expect(faults).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
