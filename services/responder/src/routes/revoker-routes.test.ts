import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { Bench } from "../testing/bench.ts";

const CANARY = "canary-0123456789abcdef";
const YAML = `revokers:
  - {name: llm, type: litellm, url: "https://llm.example/secret-path", admin_key: {env: CANARY}}
  - {name: others, type: unkey, tenants: [other], root_key: {env: CANARY}}
  - name: push
    type: http
    credentials: ["key:push/*"]
    secret_headers: {x-key: {env: CANARY}}
    revoke: {method: POST, url: "https://push.example:8443/{id}", done: {status: [200]}}
`;

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create(20779, YAML);
  bench.env.CANARY = CANARY;
  await bench.start();
});
afterEach(() => bench.remove());

test("says what revokes this tenant's keys, and nothing that is secret", async () => {
  const answer = await bench.call({ roles: ["read"] }, "GET", "/api/revokers");
  expect(answer).toEqual({
    status: 200,
    body: {
      revokers: [
        { name: "llm", type: "litellm", origins: ["https://llm.example"], probes: true, reinstates: true },
        {
          name: "push",
          type: "http",
          origins: ["https://push.example:8443"],
          probes: false,
          reinstates: false,
        },
      ],
    },
  });
  expect(JSON.stringify(answer)).not.toContain(CANARY);
});

test("only for who may read", async () => {
  expect((await bench.call({ roles: ["respond"] }, "GET", "/api/revokers")).status).toBe(403);
});

test("a settings file whose secret is gone is refused, and the last good one stays in force", async () => {
  await bench.configure(YAML.replace("{env: CANARY}", "{env: NOWHERE}"));
  await waitFor(() => bench.responder.part.health().state === "degraded");
  expect(bench.responder.part.health().detail).toContain(
    "revoker llm: the environment variable NOWHERE is not set",
  );
  const { body } = await bench.call({ roles: ["read"] }, "GET", "/api/revokers");
  expect(body.revokers).toHaveLength(2);
});
