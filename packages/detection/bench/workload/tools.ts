/** Forty tools of eleven servers, the most used first, as an office's agents have them. */
export interface BenchTool {
  server: string;
  tool: string;
  /** Whether its call is written as intent and call. */
  acts: boolean;
  /** Arguments of the n-th call. */
  args(n: number): Record<string, unknown>;
}

const read = (server: string, tool: string, args: BenchTool["args"]): BenchTool => ({
  server,
  tool,
  acts: false,
  args,
});
const act = (server: string, tool: string, args: BenchTool["args"]): BenchTool => ({
  server,
  tool,
  acts: true,
  args,
});

const PATHS = [
  "notes/plan.md",
  "src/index.ts",
  "docs/pricing.md",
  "config/app.yaml",
  "reports/q3.csv",
  ".env",
];
const path = (n: number): string => `/srv/work/${PATHS[n % PATHS.length] ?? ""}`;
const mail = (n: number): string => `user${n % 300}@${n % 5 === 0 ? "partner.example" : "acme.example"}`;

export const TOOLS: readonly BenchTool[] = [
  read("files", "read_text_file", (n) => ({ path: path(n) })),
  read("files", "list_directory", (n) => ({ path: `/srv/work/${n % 40}` })),
  read("git", "git_diff", (n) => ({ repo_path: `/srv/repo-${n % 12}`, target: "HEAD" })),
  read("web", "fetch_webpage", (n) => ({
    url: `https://docs${n % 60}.example/page/${n}`,
    max_length: 5000,
  })),
  read("mail", "search_emails", (n) => ({ query: `invoice ${n % 700}`, limit: 20 })),
  act("shell", "execute_command", (n) => ({
    command: n % 9 === 0 ? `curl -s https://api.example/v1/${n}` : `npm test -- --grep case${n}`,
    cwd: "/srv/work",
  })),
  read("db", "query_table", (n) => ({ sql: `SELECT id, total FROM orders WHERE customer = ${n} LIMIT 50` })),
  act("files", "write_file", (n) => ({ path: path(n), content: `Updated section ${n}.\n`.repeat(6) })),
  read("issues", "get_issue", (n) => ({ owner: "acme", repo: `svc-${n % 20}`, issue_number: n % 900 })),
  read("files", "search_files", (n) => ({ path: "/srv/work", pattern: `*${n % 99}*` })),
  act("issues", "create_issue_comment", (n) => ({
    issue_number: n % 900,
    body: `Looked at it, build ${n} is green again.`,
  })),
  read("calendar", "list_events", (n) => ({
    from: "2026-11-20",
    to: "2026-11-27",
    calendar: `team-${n % 9}`,
  })),
  act("mail", "send_email", (n) => ({
    to: mail(n),
    subject: `Status ${n}`,
    body: `Hello, the figures of order ${n} are attached.`,
  })),
  read("mail", "read_email", (n) => ({ message_id: `m-${n}` })),
  read("git", "git_log", (n) => ({ repo_path: `/srv/repo-${n % 12}`, max_count: 20 })),
  read("chat", "list_channel_messages", (n) => ({ channel: `C${n % 80}`, limit: 50 })),
  act("chat", "post_message", (n) => ({ channel: `C${n % 80}`, text: `Deployed build ${n}` })),
  read("crm", "get_customer", (n) => ({ customer_id: `cus_${n % 5000}` })),
  act("git", "git_commit", (n) => ({ repo_path: `/srv/repo-${n % 12}`, message: `Fix case ${n}` })),
  read("web", "web_search", (n) => ({ query: `how to configure option ${n % 400}` })),
  act("db", "update_record", (n) => ({ table: "orders", id: n, values: { state: "paid" } })),
  read("cloud", "describe_instances", (n) => ({ region: `eu-${n % 4}` })),
  act("calendar", "create_event", (n) => ({
    title: `Review ${n}`,
    start: "2026-11-24T09:00",
    participants: [mail(n)],
  })),
  read("issues", "list_pull_requests", (n) => ({ owner: "acme", repo: `svc-${n % 20}` })),
  act("issues", "create_pull_request", (n) => ({ repo: `svc-${n % 20}`, title: `Case ${n}`, base: "main" })),
  act("crm", "update_customer", (n) => ({ customer_id: `cus_${n % 5000}`, note: `Called on day ${n % 31}` })),
  read("files", "get_file_info", (n) => ({ path: path(n) })),
  act("git", "git_push", (n) => ({ repo_path: `/srv/repo-${n % 12}`, remote: "origin" })),
  act("files", "delete_file", (n) => ({ path: `/srv/work/tmp/${n}.log` })),
  read("cloud", "read_secret", (n) => ({ name: `service-${n % 30}` })),
  act("issues", "merge_pull_request", (n) => ({ repo: `svc-${n % 20}`, pull_number: n % 400 })),
  act("cloud", "restart_service", (n) => ({ service: `svc-${n % 20}`, environment: "staging" })),
  act("db", "delete_record", (n) => ({ table: "sessions", id: n })),
  act("mail", "forward_email", (n) => ({ message_id: `m-${n}`, to: mail(n) })),
  act("crm", "create_invoice", (n) => ({ customer_id: `cus_${n % 5000}`, amount: (n % 900) + 1 })),
  act("cloud", "deploy_service", (n) => ({ service: `svc-${n % 20}`, version: `1.${n % 90}.0` })),
  act("chat", "invite_user", (n) => ({ channel: `C${n % 80}`, user: mail(n) })),
  act("cloud", "grant_permission", (n) => ({ principal: `svc-${n % 20}`, role: "viewer" })),
  act("crm", "send_money", (n) => ({ iban: "AT611904300234573201", amount: (n % 90) + 1 })),
  act("issues", "delete_repository", (n) => ({ owner: "acme", repo: `tmp-${n % 50}` })),
];
