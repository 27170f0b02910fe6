import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseResponseConfig } from "./response-yaml.ts";
import { openRevokers } from "./revokers.ts";

const folder = mkdtempSync(join(tmpdir(), "tripline-revokers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const page = readFileSync(new URL("../../../../docs/revokers.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = ""]) => yaml);

const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  type: "pkcs8",
  format: "pem",
});

/** A secret for each place that an example names, a key where one is asked for. */
function withSecrets(yaml: string): { yaml: string; env: Record<string, string> } {
  const file = join(folder, "key.pem");
  writeFileSync(file, /signing_key|private_key/.test(yaml) ? pem : "secret");
  const env = Object.fromEntries(
    [...yaml.matchAll(/env: ([A-Z_]+)/g)].map(([, name = ""]) => [name, "secret"]),
  );
  return { yaml: yaml.replace(/file: \/etc\/[^ }]+/g, `file: ${file}`), env };
}

test("the page has an example of every type", () => {
  expect(examples.length).toBeGreaterThan(8);
});

test.each(examples)("an example of docs/revokers.md opens: %#", (example) => {
  const { yaml, env } = withSecrets(example);
  const config = parseResponseConfig(yaml);
  expect(openRevokers(config, { env, now: Date.now })).toHaveLength(config.revokers.length);
});

test("a secret that can't be read is told with the revoker and the place, before anything is revoked", () => {
  const [first = ""] = examples;
  expect(() => openRevokers(parseResponseConfig(first), { env: {}, now: Date.now })).toThrow(
    "revoker keycloak: the environment variable TRIPLINE_KEYCLOAK_SECRET is not set",
  );
});

test("two revokers of one name, and a type that there is not, are refused", () => {
  const one = "  - {name: a, type: litellm, url: 'https://x.example', admin_key: {env: X}}\n";
  expect(() => parseResponseConfig(`revokers:\n${one}${one}`)).toThrow("two revokers have the same name");
  expect(() => parseResponseConfig("revokers:\n  - {name: a, type: okta}\n")).toThrow("revokers.0");
});
