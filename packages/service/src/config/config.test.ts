import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  ConfigError,
  configMarkdown,
  dataKeys,
  helpText,
  httpKeys,
  observabilityKeys,
  readConfig,
} from "./index.ts";

const SECRET = "hunter2hunter2";
const schema = z.object({
  ...dataKeys,
  ...httpKeys,
  ...observabilityKeys,
  dryRun: z.boolean().default(false).meta({ description: "changes nothing | only says" }),
  webhookToken: z.string().min(20).optional().meta({ description: "signs webhooks", secret: true }),
});

const read = (argv: string[] = [], env: Record<string, string> = {}) => readConfig(schema, { argv, env });
const problems = (argv: string[], env: Record<string, string> = {}): string => {
  try {
    read(argv, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("the configuration was taken");
};

describe("readConfig", () => {
  it("takes flags before environment before defaults", () => {
    expect(read().port).toBe(4180);
    expect(read([], { TRIPLINE_PORT: "5000" }).port).toBe(5000);
    expect(read(["--port", "6000"], { TRIPLINE_PORT: "5000" }).port).toBe(6000);
    expect(read(["--port=7000"]).port).toBe(7000);
    expect(read([], { TRIPLINE_HOME: "/data" }).data).toBe("/data");
    expect(read([], { TRIPLINE_PORT: "" }).port).toBe(4180);
  });

  it("reads booleans, lists and values that begin with dashes", () => {
    expect(read(["--dry-run"]).dryRun).toBe(true);
    expect(read(["--no-dry-run"], { TRIPLINE_DRY_RUN: "1" }).dryRun).toBe(false);
    expect(read(["--public-hosts", "a.example, b.example"]).publicHosts).toEqual(["a.example", "b.example"]);
    expect(read(["--host", "--odd"]).host).toBe("--odd");
  });

  it("names every wrong key and value at once, what was found and what is allowed", () => {
    const message = problems(["--prot", "1", "--port", "seventy", "--log-level=loud", "--host"], {
      TRIPLINE_ALLOWED_ORIGINS: "http://ok.example,nope",
    });
    expect(message).toContain("--prot: there is no such flag; did you mean --port?");
    expect(message).toContain('port: found "seventy" in --port; allowed: a whole number from 0 to 65535');
    expect(message).toContain('logLevel: found "loud" in --log-level; allowed: fatal, error, warn');
    expect(message).toContain("host: --host needs a value");
    expect(message).toContain('allowedOrigins.1: found "http://ok.example,nope" in TRIPLINE_ALLOWED_ORIGINS');
  });

  it("takes a slip in a variable for a mistake, and another program's variable for none", () => {
    expect(problems([], { TRIPLINE_PROT: "1" })).toContain(
      "TRIPLINE_PROT: there is no such variable; did you mean TRIPLINE_PORT?",
    );
    expect(() => read([], { TRIPLINE_REQUIRE_ALL: "1", TRIPLINE_URL: "x" })).not.toThrow();
  });

  it("never prints a secret, gives it no flag and no default", () => {
    const message = problems([], { TRIPLINE_WEBHOOK_TOKEN: SECRET });
    expect(message).toContain("webhookToken");
    expect(message).not.toContain(SECRET);
    expect(problems(["--webhook-token", SECRET])).not.toContain(SECRET);
    expect(helpText(schema, { command: "x", summary: "y" })).not.toContain("--webhook-token");
  });

  it("writes help and docs from the schema", () => {
    const help = helpText(schema, { command: "npm start --", summary: "Runs Tripline." });
    expect(help).toContain("Usage: npm start -- [flags]");
    expect(help).toContain("--data DIR");
    expect(help).toContain("default: ~/.tripline; TRIPLINE_HOME");
    expect(configMarkdown(schema)).toContain(
      "| `--dry-run` | `TRIPLINE_DRY_RUN` | `false` | true or false | changes nothing \\| only says |",
    );
  });

  it("refuses a schema whose key has no description", () => {
    expect(() => readConfig(z.object({ a: z.string() }), { argv: [], env: {} })).toThrow("no description");
  });
});
