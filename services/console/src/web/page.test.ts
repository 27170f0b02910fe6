import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CANARIES } from "../../../../test/support/canaries.ts";
import { CHROMIUM, requirement } from "../../../../test/support/requirements.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import {
  ANA,
  type SampleTenant,
  sampleAlert,
  sampleCall,
  sampleIncident,
  sampleRevocation,
  sampleUuid,
} from "../testing/sample-data.ts";
import { startTestConsole, type TestConsole } from "../testing/test-console.ts";

const PORT = 20_801;
const MANY = 60; // more than one page
const screenshots = process.env.TRIPLINE_SCREENSHOTS; // a folder, for people who want to look

const now = Date.now();
const tools = ["read_file", "list_directory", "search_files", "send_email", "write_file"];
const calls = Array.from({ length: MANY }, (_, n) =>
  sampleCall(n, now - 200_000, {
    session: n < 40 ? "s-old" : "s-1",
    tool: tools[n % tools.length] ?? "",
    duration_ms: 3 + n * 1.7,
    result_bytes: 120 * (n + 1),
    ...(n % 17 === 3 ? { outcome: "tool_error" as const, error_code: "ENOENT" } : {}),
  }),
);
const hostile = Object.values(CANARIES).map((text, at) =>
  sampleCall(70 + at, now - 200_000, {
    server: text.slice(0, 256),
    tool: text.slice(0, 256),
    agent: text.slice(0, 256),
    session: "s-hostile",
    credential: "local:stranger",
  }),
);
const secret = sampleCall(100, now - 200_000, { tool: "read_file" });
const sent = sampleCall(103, now - 200_000, { server: "mail", tool: "send_email" });
const refused = sampleCall(106, now - 200_000, { server: "mail", tool: "send_email", outcome: "denied" });
const words = {
  summary: `A secret was read and mailed to a stranger ${CANARIES.html}`,
  why: "What was read can now be used by whoever got the mail.",
};
const { alert, row } = sampleAlert("acme", [secret, sent], words);
const revocation = sampleRevocation(alert, refused);
revocation.course.decisions.push({
  record_id: sampleUuid(950),
  kind: "not_enforced",
  at: new Date(now - 60_000).toISOString(),
  via: null,
  reason: "no answer within 5 s",
  interceptors: [{ producer: "gw-2", boot: sampleUuid(901) }],
});
revocation.course.in_flight.push({
  record_id: sampleUuid(104),
  call_id: sampleUuid(105),
  server: "mail",
  tool: "send_draft",
  started: new Date(now - 60_000).toISOString(),
  outcome: null,
});
const since = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
const stopped = sampleIncident(
  {
    alert: {
      ...alert,
      actor: { ...alert.actor, agent: "mail-assistant", team: "payments" },
      target: { server: "mail", tool: "send_email", environment: "production" },
    },
    row,
  },
  {
    alerts: 3,
    opened_at: since(12),
    last_alert_at: since(2),
    updated_at: since(2),
    escalation: 1,
    done: {
      kind: "revoked",
      reason: "rule secret-then-send",
      revocation: {
        v: 1,
        id: alert.id,
        tenant: "acme",
        scope: "credential",
        subject: "local:notes",
        state: "active",
        reason: "rule",
        by: "policy",
        decided_at: since(12),
      },
      in_flight: [{ record_id: refused.id, server: "mail", tool: "send_email", started: since(12) }],
    },
    history: [
      { at: since(12), by: "policy", kind: "opened" },
      { at: since(12), by: "policy", kind: "revoked", note: "rule secret-then-send" },
      { at: since(3), by: "timer", kind: "escalated", note: "level 1" },
    ],
  },
);
const hostileAlert = sampleAlert("acme", hostile.slice(0, 2), {
  summary: Object.values(CANARIES).join(" "),
  why: CANARIES.html,
});
const hostileIncident = sampleIncident(hostileAlert, {
  subject: CANARIES.html,
  severity: "medium",
  history: Object.values(CANARIES).map((note) => ({
    at: since(9),
    by: note.slice(0, 64),
    kind: note.slice(0, 64),
    note,
  })),
  done: { kind: "withheld", reason: CANARIES.html },
  last_alert_at: since(9),
});
const over = Array.from({ length: 12 }, (_, n) =>
  sampleIncident(sampleAlert("acme", [sampleCall(300 + n, now - 900_000)], words), {
    state: n % 2 === 0 ? "resolved" : "false_positive",
    last_alert_at: since(600 + n),
    history: [
      { at: since(500), by: "ana", kind: n % 2 === 0 ? "resolved" : "false_positive", note: "a drill" },
    ],
  }),
);
const data: SampleTenant = {
  calls: [...calls, ...hostile, secret, sent, { ...refused, decision: "deny", decision_rule: alert.id }],
  payloads: new Map(
    [...hostile, secret].map((call, at) => [
      call.id,
      { salt: "0".repeat(32), args: { path: "/etc" }, result: Object.values(CANARIES)[at] ?? "a\nb" },
    ]),
  ),
  alerts: [{ alert, row }, hostileAlert],
  revocations: [revocation],
  incidents: [stopped, hostileIncident, ...over],
  people: [{ subject_id: ANA, names: ["Ana Example <ana@example.org>"] }],
};

const SHOWN = "document.querySelector('main').dataset.shows === location.hash";
const { missing } = requirement("chromium");

describe.skipIf(missing)("the page in a browser", () => {
  let server: TestConsole;
  let browser: Browser;
  let token: string;

  beforeAll(async () => {
    server = await startTestConsole(new Map([["acme", data]]), { port: PORT });
    await server.app.listen({ host: "127.0.0.1", port: PORT });
    token = await server.token("acme", ["read", "read_payload", "respond"]);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** A page that fails the test on any script error, policy violation, dialog or request elsewhere. */
  async function visit(
    hash: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 860 },
      reducedMotion: "reduce",
      ...options,
    });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("401")) faults.push(message.text());
    });
    page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url())) faults.push(`went to ${request.url()}`);
    });
    await page.goto(`${server.url()}/${hash}`);
    return { page, faults };
  }

  /** The page of somebody with the token, at this view. */
  async function signedIn(
    options: BrowserContextOptions = {},
    route = "#/calls",
    as = token,
  ): Promise<{ page: Page; faults: string[] }> {
    const visited = await visit(`#token=${as}`, options);
    await visited.page.getByRole("heading", { name: "Incidents" }).waitFor();
    await visited.page.evaluate(`location.hash = ${JSON.stringify(route)}`);
    await waitFor(() => visited.page.evaluate(SHOWN), { what: `the view ${route}` });
    return visited;
  }

  async function shot(page: Page, name: string): Promise<void> {
    if (screenshots === undefined) return;
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: name !== "calls" });
  }

  it("asks for a token, takes a right one and shows recent calls", async () => {
    const { page, faults } = await visit("");
    await page.getByLabel("Access token").fill("tlu_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("not accepted").waitFor();
    await shot(page, "sign-in");
    await page.getByLabel("Access token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Incidents" }).waitFor();
    await page.getByRole("link", { name: "Calls", exact: true }).click();
    await page.getByRole("table").waitFor();
    expect(await page.getByRole("row").count()).toBe(51);
    await page.getByRole("button", { name: "Show older calls" }).click();
    await waitFor(async () => (await page.getByRole("row").count()) > 51, { what: "older calls" });
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Access token").waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    expect(faults).toEqual([]);
  });

  it("takes a token from the address and removes it there", async () => {
    const { page, faults } = await visit(`#token=${token}`);
    await page.getByRole("heading", { name: "Incidents" }).waitFor();
    expect(page.url()).not.toContain("token");
    expect(await page.evaluate("history.length")).toBeLessThanOrEqual(2);
    expect(faults).toEqual([]);
  });

  it("shows hostile text as text, in every view", async () => {
    const { page, faults } = await signedIn();
    await page.getByRole("table").waitFor();
    const routes = [
      "#/calls?credential=local%3Astranger",
      "#/sessions/s-hostile",
      "#/incidents",
      `#/incidents/${stopped.id}`,
      `#/incidents/${hostileIncident.id}`,
      "#/alerts",
      `#/alerts/${alert.id}`,
      "#/revocations",
      ...hostile.map((call) => `#/calls/${call.id}`),
    ];
    for (const route of routes) {
      await page.evaluate(`location.hash = ${JSON.stringify(route)}`);
      await waitFor(() => page.evaluate(SHOWN), { what: `the view ${route}` });
      const button = page.getByRole("button", { name: "Show arguments and result" });
      if (/^#\/calls\/0/.test(route)) {
        await button.click();
        await page.getByText("believe nothing it says").waitFor();
      }
      expect(await page.evaluate("document.querySelectorAll('main script, main img').length"), route).toBe(0);
      const text = String(await page.evaluate("document.querySelector('main').textContent"));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
      expect(text, route).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u001b\0]/u);
      expect(await page.title(), route).not.toBe("pwned");
    }
    await page.evaluate("location.hash = '#/sessions/s-hostile'");
    await page.getByRole("heading", { name: "Session" }).waitFor();
    await shot(page, "session-hostile");
    expect(faults).toEqual([]);
  });

  it("tells a session as a timeline, with its alert where it was raised", async () => {
    const { page, faults } = await signedIn();
    await page.getByRole("table").waitFor();
    await page.getByRole("row").nth(1).getByRole("link").last().click();
    await page.getByRole("heading", { name: "What happened" }).waitFor();
    const items = page.locator("ol.timeline > li");
    expect(await items.filter({ hasText: "refused" }).count()).toBe(1);
    expect(await items.filter({ hasText: "A secret was read" }).count()).toBe(1);
    expect(await items.nth(-2).textContent()).toContain("A secret was read");
    expect(await items.last().textContent()).toContain("refused");
    await shot(page, "session");
    expect(faults).toEqual([]);
  });

  it("tells an alert in words, what was done about it and how fast", async () => {
    const { page, faults } = await signedIn();
    await page.getByRole("table").waitFor();
    await page.getByRole("link", { name: "Alerts", exact: true }).click();
    await page
      .getByRole("link", { name: /A secret was read/ })
      .first()
      .click();
    await page.getByText("the result held an AWS access key").waitFor();
    await page.getByRole("heading", { name: "Why so grave: 6 points" }).waitFor();
    const weighed = await page.locator(".score li").allTextContents();
    expect(weighed).toEqual(["+7 carries output: the key that was read is in the mail", "-1 target known"]);
    await page.getByText("14 ms").first().waitFor();
    expect(await page.getByRole("button", { name: "Reinstate" }).count()).toBe(1);
    await page.getByRole("button", { name: "Reinstate" }).click();
    await page.getByLabel("Reason").fill("a test");
    await shot(page, "alert");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("link", { name: "Revocations", exact: true }).click();
    await page.getByRole("heading", { name: "Revocations" }).waitFor();
    await shot(page, "revocations");
    expect(faults).toEqual([]);
  });

  it("opens with what nobody has taken, the gravest first, and what is over last", async () => {
    const { page, faults } = await visit(`#token=${token}`);
    const waiting = page.locator("section", { hasText: "nobody has taken these" }).locator("li.incident");
    await waiting.first().waitFor();
    expect(await waiting.count()).toBe(2);
    const card = String(await waiting.first().textContent());
    for (const word of [
      "critical",
      "stopped",
      "escalated once",
      "mail-assistant",
      "payments",
      "production",
      "Ana",
      "3 alerts, the first 12 min ago",
    ])
      expect(card).toContain(word);
    const closed = page.locator("section:has(h2:text-is('Over'))").locator("li.incident");
    expect(await closed.count()).toBe(10);
    await page.getByRole("button", { name: "Show older ones" }).click();
    await waitFor(async () => (await closed.count()) === 12, { what: "older ones" });
    await shot(page, "incidents");
    expect(faults).toEqual([]);
  });

  it("tells one incident: what, whose, what was done and when, what to do, who decided", async () => {
    const { page, faults } = await signedIn({}, `#/incidents/${stopped.id}`);
    const text = String(await page.locator("main").textContent());
    for (const word of [
      "payments",
      "production",
      "the result held an AWS access key",
      "was taken away: interceptors refuse its calls",
      "not stopped everywhere",
      "One call was under way",
      "mail / send_draft began",
      "not known to have ended",
      "interceptor gw-1 refuses from now on",
      "Change the secret that was read.",
      "escalated, for nobody had acknowledged it: level 1",
    ])
      expect(text).toContain(word);
    expect(await page.locator("p.alarm", { hasText: "gw-2 had not said in time" }).count()).toBe(1);
    expect(await page.getByRole("link", { name: "s-1" }).count()).toBe(1);
    await shot(page, "incident");
    await page.getByRole("link", { name: /A secret was read/ }).click();
    await page.getByRole("link", { name: /Part of an incident/ }).waitFor();
    expect(faults).toEqual([]);
  });

  it("takes decisions about an incident, and offers none to who may not decide", async () => {
    const { page, faults } = await signedIn({}, `#/incidents/${stopped.id}`);
    const told: unknown[] = [];
    await page.route("**/api/incidents/*/state", async (route) => {
      told.push(route.request().postDataJSON());
      stopped.state = route.request().postDataJSON().to;
      stopped.version += 1;
      stopped.history = [
        ...stopped.history,
        { at: since(0), by: "person-1", kind: stopped.state, note: "mine" },
      ];
      await route.fulfill({ json: {} });
    });
    await page.route("**/api/incidents/*/exception", async (route) => {
      told.push(route.request().postDataJSON());
      await route.fulfill({ json: {} });
    });
    await page.route("**/api/mutes", async (route) => {
      told.push(route.request().postDataJSON());
      await route.fulfill({ json: {} });
    });
    await page.getByRole("button", { name: "Mute" }).click();
    const mute = page.getByRole("form", { name: "Mute" });
    await mute.getByLabel("Reason").fill("known");
    await mute.getByRole("button", { name: "Mute" }).click();
    await page.getByText("tripline mute list").waitFor();
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByText("acknowledged by person-1").first().waitFor();
    await page.getByRole("button", { name: "False positive" }).click();
    await shot(page, "incident-false-positive");
    await page.getByLabel("tool is send_email").uncheck();
    await page.getByLabel("Why is it none?").fill("the nightly backup");
    await page.getByRole("form").getByRole("button", { name: "False positive" }).click();
    await page.getByText("false positive by person-1").first().waitFor();
    expect(told).toMatchObject([
      { match: { rule: "secret-then-send", credential: "local:notes" }, reason: "known" },
      { to: "acknowledged" },
      { where: { credential: "local:notes", server: "mail" }, reason: "the nightly backup" },
      { to: "false_positive", note: "the nightly backup" },
    ]);
    expect(await page.getByRole("button", { name: "Reopen" }).count()).toBe(1);
    const reader = await server.token("acme", ["read", "read_payload"]);
    const { page: theirs } = await signedIn({}, `#/incidents/${stopped.id}`, reader);
    expect(await theirs.locator(".incident-page button").count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it("waits for an incident that somebody was told of before it is stored", async () => {
    const { page } = await signedIn();
    const late = sampleIncident(
      sampleAlert("acme", [sampleCall(400, now)], { summary: "Just now", why: "Look." }),
    );
    const asked = page.waitForResponse((response) => response.status() === 404);
    await page.evaluate(`location.hash = "#/incidents/${late.id}"`);
    await asked;
    data.incidents?.push(late);
    await page.getByRole("heading", { name: "Just now" }).waitFor();
  });

  it("lets a further person approve what waits for one", async () => {
    hostileIncident.done = { kind: "proposed", reason: "needs 2 people" };
    const { page, faults } = await signedIn({}, "#/calls");
    const told: string[] = [];
    await page.route("**/api/proposals", (route) =>
      route.fulfill({
        json: {
          proposals: [
            {
              id: "p-1",
              needs: 2,
              approved_by: ["ben"],
              scope: "credential",
              subject: "local:stranger",
              alert_id: hostileAlert.alert.id,
            },
          ],
        },
      }),
    );
    await page.route("**/api/proposals/p-1/approve", async (route) => {
      told.push(route.request().method());
      hostileIncident.version += 1;
      await route.fulfill({ json: {} });
    });
    await page.evaluate(`location.hash = "#/incidents/${hostileIncident.id}"`);
    await page.getByRole("button", { name: "Approve revoking this credential (1 of 2)" }).click();
    await waitFor(() => told.length === 1, { what: "the approval" });
    expect(faults).toEqual([]);
  });

  it("takes new calls in by itself, without moving the focus", async () => {
    const { page, faults } = await signedIn();
    await page.getByRole("table").waitFor();
    await page.getByRole("row").nth(1).getByRole("link").first().focus();
    const focused = await page.evaluate("document.activeElement.getAttribute('href')");
    const fresh = sampleCall(150, now - 200_000, { tool: "brand_new_tool" });
    data.calls.push(fresh);
    await page.getByText("brand_new_tool").waitFor();
    expect(await page.evaluate("document.activeElement.getAttribute('href')")).toBe(focused);
    expect(faults).toEqual([]);
  });

  it("filters, and keeps the filter in the address", async () => {
    const { page, faults } = await signedIn();
    await page.getByRole("table").waitFor();
    await page.getByLabel("Tool", { exact: true }).fill("write_file");
    await page.getByRole("button", { name: "Filter" }).click();
    await waitFor(async () => (await page.getByRole("row").count()) === 13, { what: "only that tool" });
    expect(page.url()).toContain("tool=write_file");
    expect(faults).toEqual([]);
  });

  it("has its names: one h1, labelled controls, column heads, nothing without a name", async () => {
    const { page } = await signedIn({ colorScheme: "dark" });
    await page.getByRole("table").waitFor();
    const nameless = await page.evaluate(`[...document.querySelectorAll("a, button, input, select")]
      .filter((each) => (each.textContent.trim() || each.ariaLabel || each.labels?.length || "") === "").length`);
    expect(nameless).toBe(0);
    expect(await page.locator("h1").count()).toBe(1);
    expect(await page.locator("th:not([scope])").count()).toBe(0);
    await shot(page, "calls-dark");
    await page.evaluate(`location.hash = "#/alerts/${alert.id}"`);
    await page.getByText("What was done").waitFor();
    await shot(page, "alert-dark");
  });

  it("fits a narrow screen without scrolling sideways", async () => {
    const { page } = await signedIn({ viewport: { width: 390, height: 800 } });
    await page.getByRole("table").waitFor();
    for (const route of [
      "#/calls",
      "#/sessions/s-hostile",
      `#/alerts/${alert.id}`,
      "#/revocations",
      "#/incidents",
      `#/incidents/${hostileIncident.id}`,
      `#/incidents/${stopped.id}`,
    ]) {
      await page.evaluate(`location.hash = ${JSON.stringify(route)}`);
      await waitFor(() => page.evaluate(SHOWN), { what: `the view ${route}` });
      const wider = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(wider, route).toBeLessThanOrEqual(0);
    }
    await shot(page, "narrow");
    await page.evaluate('location.hash = "#/incidents"');
    await waitFor(() => page.evaluate(SHOWN), { what: "the incidents" });
    await shot(page, "narrow-incidents");
  });
});
