/**
 * Microseconds to take one output apart, by format and size, and for texts made to be slow:
 *   node packages/detection/bench/output.ts [FORMAT]
 * Processor time, and the best of several batches: on a shared machine the rest measures the neighbours.
 */
import { leavesOf } from "../src/output/index.ts";

const LARGE = 1_048_576;
const SIZES = [512, 4096, 65_536, LARGE];
const BATCH_MS = 20;
const BATCHES = 9;
const SLOW_MS = 10; // no single record may hold the loop for longer

const body = "Hello Ben,\nplease find the numbers attached and let me know what you think of them.\nAna";
const mail = {
  id: 7,
  sender: "ana@acme.example",
  subject: "Numbers",
  body,
  recipients: ["ben@acme.example"],
  read: false,
};
const PIECES: Readonly<Record<string, string>> = {
  prose:
    "Dear tenant, from next month the rent will be increased by 100.\nPlease adjust your standing order accordingly and tell me.\n\nBest regards\n",
  yaml: "- amount: 50.0\n  date: '2022-04-01'\n  recipient: SE3550000000054910000003\n  subject: Spotify Premium\n",
  labels:
    "Title: Roses\nArtist: Vincent van Gogh\nDepartment: European Paintings\nTags: Roses, Still Life\n\n",
  mails: `From: ana@acme.example\nTo: ben@acme.example\nSubject: Numbers\n\n${body}\n\n---\n`,
  "numbered list":
    "1. What is it? (2024)\n   ID: 44522076\n   URL: https://acme.example/x\n   Points: 282 | Author: ana\n\n",
  table: "| 2024-07-22 00:00 | 225.95 | 226.72 | 222.05 | Ana | ana@acme.example |\n",
  csv: "1,DD37Cf93aecA6Dc,Sheryl,Baxter,Rasmussen Group,Chile,229.077.5154,zuniga@acme.example\n",
  columns: "web-6f7d9-x2x   1/1     Running   0          3d\n",
  "ls -l": "-rw-r--r-- 1 root root 348949 Jul 22 02:19 reading_report.pdf\n",
  log: "2024-05-01 10:00:00 INFO  server started on port 8080 for the tenant acme\n",
  "grep -n": "src/a.ts:12:export function foo(a: string): void {\n",
  diff: "diff --git a/x b/x\nindex 1..2\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-const a = 1;\n+const a = 2;\n",
  code: "  const a = foo(bar, { baz: 1 });\n  if (a > 3) {\n    return a.map((x) => x + 1); // plus one\n  }\n",
  html: '<div class="row"><a href="https://acme.example/x">Foo</a> bar <b>qux</b></div>\n<p>Some text that is long enough to be a sentence.</p>\n',
  snapshot:
    '- listitem [ref=e2]:\n  - link "Foo bar" [ref=e3]:\n    - /url: https://acme.example\n  - text: hello there\n',
};

/** Each once made some step look again at what it had seen. */
const HOSTILE: readonly string[] = [
  ..."[{\"'<|,\t\\(@",
  '["a",\n',
  '{"a":',
  "<a ",
  '<a="',
  "- a: '\n",
  "a: |\n",
  "a|b|c\n",
  "a,b,c\n",
  '{"a":"\\',
  "[1,\n",
  "```\n",
  "----\n",
  "a: b\n----\n",
  "1: a\n",
  "a:1:b\n",
  "&#",
  "<script>",
  '"[',
  "[[\n",
  "a: [1,\n",
  '- a "b" [ref=e1]:\n',
  "10:00:00 a\n",
  "\u001b[",
];

function outputs(): [string, (size: number) => string][] {
  const json = JSON.stringify(Array.from({ length: 6000 }, (_, id) => ({ ...mail, id })));
  const envelope = JSON.stringify({ content: [{ type: "text", text: json }] });
  return [
    ["json, cut", (size) => json.slice(0, size)],
    ["envelope, cut", (size) => envelope.slice(0, size)],
    ...Object.entries(PIECES).map(([name, piece]): [string, (size: number) => string] => [
      name,
      (size) => piece.repeat(Math.ceil(size / piece.length)).slice(0, size),
    ]),
  ];
}

/** Microseconds of one call, the best of several batches. */
function microseconds(output: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    let calls = 0;
    const { user } = process.cpuUsage();
    let used = 0;
    for (; used < BATCH_MS * 1000; used = process.cpuUsage().user - user) {
      leavesOf(output);
      calls += 1;
    }
    best = Math.min(best, used / calls);
  }
  return best;
}

const [wanted] = process.argv.slice(2);
console.log(`µs for one output of`.padEnd(24), ...SIZES.map((size) => String(size).padStart(9)));
for (const [name, of] of outputs()) {
  if (wanted !== undefined && name !== wanted) continue;
  console.log(name.padEnd(24), ...SIZES.map((size) => microseconds(of(size)).toFixed(1).padStart(9)));
}
if (wanted === undefined) {
  const slow = HOSTILE.map((piece): [string, number] => {
    const text = piece.repeat(Math.ceil(LARGE / piece.length)).slice(0, LARGE);
    return [piece, microseconds(text) / 1000];
  }).toSorted((a, b) => b[1] - a[1]);
  console.log(`\nhostile, 1 MB: slowest of ${slow.length}`);
  for (const [piece, ms] of slow.slice(0, 5)) {
    console.log(
      `  ${JSON.stringify(piece).padEnd(22)} ${ms.toFixed(1)} ms${ms > SLOW_MS ? "  TOO SLOW" : ""}`,
    );
  }
}
