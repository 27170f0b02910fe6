import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor, MAX_DEPTH, REDACTION_TOKEN, type RedactionKey } from "./index.ts";

const key: RedactionKey = { id: "k1", key: "7".repeat(64) };
const redactor = createRedactor(key);

/** One of each recognised form; made up, and split so that scanners of this repository stay calm. */
const PLANTS: Record<string, string> = {
  aws_access_key: `AKIA${"Q7XBT2WNR4LKM9ZP"}`,
  github_token: `ghp_${"k3JvQ8sLx1TzR7mWc5YbN2dHf6PgA9eUi4Xo"}`,
  gitlab_token: `glpat-${"x9Kd72mQpLr5TzWvB3nY"}`,
  slack_token: `xoxb-${"2839472938-KJhgf83jKLmn"}`,
  stripe_key: `sk_live_${"9aKd72mQpLr5TzWvB3nYc8"}`,
  model_key: `sk-${"proj-x9Kd72mQpLr5TzWvB3nY"}`,
  google_key: `AIza${"SyD3kf9x_KdQ72mLpLr5TzWvB3nYc81Ab0C"}`,
  package_token: `npm_${"k3JvQ8sLx1TzR7mWc5YbN2dHf6PgA9eUi4Xo"}`,
  service_token: `tlp_${"x9Kd72mQpLr5TzWvB3nYq"}`,
  jwt: `eyJhbGciOiJIUzI1NiJ9.${"eyJzdWIiOiIxMjM0NTY3ODkwIn0"}.${"dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"}`,
  private_key: `-----BEGIN OPENSSH PRIVATE KEY-----\n${"b3BlbnNzaC1rZXktdjEAAAAA"}\n-----END OPENSSH PRIVATE KEY-----`,
};

describe("recognised forms", () => {
  it.each(Object.entries(PLANTS))("replaces a %s in prose and counts it", (kind, secret) => {
    const { value, redactions } = redactor.redactText(`Here it is: ${secret} and keep it safe.`);
    expect(value).toMatch(new RegExp(`^Here it is: ⟨${kind}:k1\\.[0-9a-f]{16}⟩ and keep it safe\\.$`));
    expect(redactions).toEqual({ [kind]: 1 });
  });

  it.each([
    ["DB_PASSWORD=hunter2;x,y z", "hunter2"],
    ["export STRIPE_SECRET=correct horse battery", "horse"],
    ['{"password": "correct horse battery"}', "horse"],
    ['{\\"password\\": \\"correct horse\\"}', "horse"],
    ["password: s3cr3t,with;signs", "with;signs"],
    ["connect with token=abc12345&x=1 now", "abc12345"],
    ["api-key => 'zzz yyy 123'", "yyy"],
    ["postgres://app:pa55w0rd@db.internal/x", "pa55w0rd"],
    ["Authorization: Bearer abcDEF123456ghi", "abcDEF123456ghi"],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAcut", "MIIEpAIBAAKCAQEAcut"],
  ])("replaces what a name gives away: %s", (text, secret) => {
    expect(redactor.redactText(text).value).not.toContain(secret);
  });

  it.each(Object.entries(PLANTS))("replaces a %s at the beginning of a line of JSON text", (kind, secret) => {
    for (const before of ["\n", "\t", "\r\n"]) {
      for (const text of [
        JSON.stringify(`a${before}${secret}`),
        JSON.stringify({ b: [`${before}${secret}`] }),
      ]) {
        expect(redactor.redactText(text).redactions, text).toEqual({ [kind]: 1 });
        expect(redactor.redactText(JSON.stringify(text)).redactions, text).toEqual({ [kind]: 1 });
      }
    }
    expect(redactor.redactText(`{"a":"x\\u003d${secret}"}`).redactions).toEqual({ [kind]: 1 });
  });

  it("replaces what a member's name gives away, in JSON text up to three levels deep", () => {
    const members = {
      authorization: "opaque-1a",
      sessionCookie: "opaque-1b",
      otp: "opaque-1c",
      api_key: "opaque-1d",
    };
    let text = JSON.stringify({ headers: members, pin: "opaque-1e", shipping: "plain", opinion: "plain" });
    for (let level = 0; level < 3; level++) {
      const { value, redactions } = redactor.redactText(text);
      expect(value).not.toContain("opaque");
      expect(redactions).toEqual({ secret: 5 });
      text = JSON.stringify({ text });
    }
  });

  it.each([
    "Basic understanding of tokens is needed.",
    "C:\\new\\notes\\report.txt",
    "the authorization: granted, the cookie: baked, a pin: dropped",
    "max_tokens: 4096",
    "The secretary said the token ring is old.",
    "https://example.com/path?q=1#frag",
    "user: ana@acme.com",
  ])("leaves ordinary text alone: %s", (text) => {
    expect(redactor.redactText(text)).toEqual({ value: text, redactions: {}, cut: false });
  });
});

describe("property names", () => {
  it.each([
    "password",
    "dbPassword",
    "API_KEY",
    "client-secret",
    "aws.secretAccessKey",
    "Authorization",
    "pin",
  ])("%s hides its scalars, however deep", (property) => {
    const { value } = redactor.redact({ [property]: { list: ["blue-42", 4711], ok: true } });
    const hidden = (value as Record<string, { list: string[]; ok: boolean }>)[property];
    expect(hidden?.list).toEqual([
      expect.stringMatching(REDACTION_TOKEN),
      expect.stringMatching(REDACTION_TOKEN),
    ]);
    expect(hidden?.ok).toBe(true);
  });

  it.each(["max_tokens", "next_page_token", "nextToken", "keyword", "monkey", "primary_key", "spin"])(
    "%s is ordinary",
    (property) => {
      expect(redactor.redact({ [property]: "blue-42" }).value).toEqual({ [property]: "blue-42" });
    },
  );
});

it("gives the same secret the same hash in every form and place, and another key another one", () => {
  const hashOf = (text: string): string | undefined => /\.([0-9a-f]{16})⟩/.exec(text)?.[1];
  const byName = redactor.redact({ password: "correct-horse-1" }).value as { password: string };
  const inText = redactor.redactText("password: correct-horse-1").value;
  const other = createRedactor({ id: "k2", key: "8".repeat(64) }).redactText(
    "password: correct-horse-1",
  ).value;
  expect(hashOf(byName.password)).toBe(hashOf(inText));
  expect(hashOf(other)).not.toBe(hashOf(inText));
});

it("keeps a property called __proto__ a property", () => {
  const value = redactor.redact(JSON.parse('{"__proto__":{"polluted":1}}')).value;
  expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":1}}');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

it("cuts what is nested deeper than MAX_DEPTH and says so", () => {
  let deep: unknown = "end";
  for (let i = 0; i < 50_000; i++) deep = [deep];
  const { value, cut } = redactor.redact(deep);
  expect(cut).toBe(true);
  expect(JSON.stringify(value)).toBe(`${"[".repeat(MAX_DEPTH)}"⟨cut:depth⟩"${"]".repeat(MAX_DEPTH)}`);
});

describe("any JSON", () => {
  const plant = fc.constantFrom(...Object.values(PLANTS));
  const planted = fc
    .tuple(fc.lorem(), plant, fc.lorem())
    .map(([before, secret, after]) => `${before} ${secret} ${after}`);
  const json = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue({ maxDepth: 1 }),
      planted,
      fc.array(tie("node"), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), planted), tie("node"), { maxKeys: 4 }),
    ),
  })).node;

  it("holds no planted secret afterwards, also inside JSON text and property names", () => {
    fc.assert(
      fc.property(json, (value) => {
        const redacted = JSON.stringify(redactor.redact(value).value) ?? "";
        const fromText = redactor.redactText(JSON.stringify(value) ?? "").value;
        for (const secret of Object.values(PLANTS)) {
          const core = secret.split("\n").at(1) ?? secret;
          expect(redacted).not.toContain(core);
          expect(fromText).not.toContain(core);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("changes nothing more when redacted twice", () => {
    fc.assert(
      fc.property(json, (value) => {
        const once = redactor.redact(value).value;
        expect(redactor.redact(once)).toEqual({ value: once, redactions: {}, cut: false });
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the shape: what holds no secret comes out equal", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: fc.constantFrom(..."abcdefgh ") }), (value) => {
        expect(redactor.redact(value).value).toEqual(value);
      }),
    );
  });
});

it("takes time linear in the text, whatever the text", () => {
  const perChar = (text: string): number => {
    const started = process.cpuUsage().user;
    redactor.redactText(text);
    return (process.cpuUsage().user - started) / text.length;
  };
  for (const unit of [
    "password",
    "token:",
    "a:",
    "secret = ",
    "eyJ",
    "-----BEGIN ",
    "Bearer aaaa",
    "://a:",
    "key_",
    "\n- ",
    "sk-",
  ]) {
    perChar(unit.repeat(1000));
    const short = perChar(unit.repeat(2_000));
    const long = perChar(unit.repeat(20_000));
    expect(long, `${JSON.stringify(unit)}: ${short} then ${long} µs a character`).toBeLessThan(
      Math.max(short * 5, 0.5),
    );
  }
});
