import { type Alert, alertId } from "@tripline/events";

const RECORD = "01939c5e-7b3a-7000-8000-000000000001";

/** For tests of this package: a finding about a verified key that may be revoked, with `changes` over it. */
export function sampleAlert(changes: Partial<Alert> = {}): Alert {
  return {
    v: 1,
    id: alertId("acme", "secret-then-send", "credential=local:demo", RECORD),
    tenant: "acme",
    rule: { id: "secret-then-send", title: "A secret was read and then sent out", hash: "a".repeat(64) },
    severity: "high",
    time: "2026-11-21T09:30:00.123Z",
    detected_at: "2026-11-21T09:30:00.130Z",
    record_id: RECORD,
    group: "credential=local:demo",
    actor: { credential: "local:demo", principal: "p-1", agent: "helper", assurance: "verified" },
    session: { id: "s-1", source: "mcp" },
    target: { server: "mail", tool: "send_email", transport: "stdio", upstream_env: "MAIL_TOKEN" },
    summary: "local:demo read .env and then sent a mail",
    why: "What was read may have left the company.",
    next: ["Change the keys in .env."],
    evidence: [
      {
        record_id: RECORD,
        step: "read",
        time: "2026-11-21T09:29:00.000Z",
        server: "filesystem",
        tool: "read_file",
      },
      {
        record_id: RECORD,
        step: "send",
        time: "2026-11-21T09:30:00.123Z",
        server: "mail",
        tool: "send_email",
      },
    ],
    response: { revocable: true, scope: "credential", subject: "local:demo" },
    ...changes,
  };
}
