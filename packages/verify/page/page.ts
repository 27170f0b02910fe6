import "./no-code-from-text.ts";
import { LedgerError, type Policy, parsePolicy } from "@tripline/ledger/verify";
import { readTar } from "../src/bundle/tar.ts";
import { type BundleFiles, verifyBundle } from "../src/bundle/verify-bundle.ts";
import { type Finding, isFailure } from "../src/finding.ts";
import type { Summary } from "../src/summary.ts";
import { element, form, input, line, output, textArea } from "./dom.ts";

/** The page: takes a bundle and a policy, verifies, and shows what was found. Nothing is fetched, and nothing leaves it. */

const MAX_SHOWN = 1_000; // findings; all are counted

form("check").addEventListener("submit", (event) => {
  event.preventDefault();
  check().catch((error: unknown) => say("bad", error instanceof Error ? error.message : "it failed"));
});

async function check(): Promise<void> {
  output("findings").replaceChildren();
  output("facts").replaceChildren();
  say("busy", "Reading the bundle …");
  const files = await chosen();
  if (files === null) return;
  const policy = await trusted();
  if (policy === "unusable") return;
  let shown = 0;
  let checked = 0;
  for await (const event of verifyBundle(filesOf(files), policy)) {
    if (event.type === "manifest") say("busy", "Checking …");
    if (event.type === "progress") {
      checked = event.leaves;
      say("busy", `Checking … ${checked} positions`);
      await nextFrame();
    }
    if (event.type === "finding" && shown++ < MAX_SHOWN) showFinding(event.finding);
    if (event.type !== "summary") continue;
    showSummary(event.summary, shown, policy !== null);
    if ([...files.keys()].some((path) => path.startsWith("timestamps/")))
      output("facts").append(
        line(
          "Timestamp",
          "there is one, and this page does not check it: `tripline verify bundle --timestamp-ca FILE` does, and `openssl ts -verify`",
        ),
      );
  }
}

/** The files of the bundle that was chosen; null, and said, where that is none. */
async function chosen(): Promise<Map<string, Uint8Array> | null> {
  const [archive] = input("archive").files ?? [];
  if (archive !== undefined) {
    const files = readTar(new Uint8Array(await archive.arrayBuffer()));
    if (files === null) say("bad", `${archive.name} is no .tar file, or is damaged.`);
    return files;
  }
  const folder = [...(input("folder").files ?? [])];
  if (folder.length === 0) {
    say("bad", "Choose a bundle: its .tar file, or its folder.");
    return null;
  }
  const files = new Map<string, Uint8Array>();
  for (const file of folder) {
    const path = file.webkitRelativePath.split("/").slice(1).join("/"); // without the folder's own name
    files.set(path, new Uint8Array(await file.arrayBuffer()));
  }
  return files;
}

async function trusted(): Promise<Policy | null | "unusable"> {
  const [file] = input("policy-file").files ?? [];
  const text = file === undefined ? textArea("policy").value : await file.text();
  if (text.trim() === "") return null;
  try {
    return parsePolicy(new TextEncoder().encode(text.replaceAll("\r\n", "\n")));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    say("bad", `The policy can't be used. ${error.message}`);
    return "unusable";
  }
}

function filesOf(files: ReadonlyMap<string, Uint8Array>): BundleFiles {
  return { read: async (path) => files.get(path) ?? null, list: async () => [...files.keys()] };
}

function say(kind: "busy" | "good" | "warn" | "bad", text: string): void {
  const verdict = output("verdict");
  verdict.className = kind;
  verdict.textContent = text;
}

function showFinding(finding: Finding): void {
  const { kind, log, index, to, id, time, what, files = [] } = finding;
  const place = [
    log ?? "",
    index === null ? "" : to === undefined ? `/${index}` : `/${index}–${to - 1}`,
  ].join("");
  const row = element("tr", isFailure(finding) ? "bad" : "warn");
  for (const text of [kind, [what, ...files].join(" "), id ?? "", time ?? "", place])
    row.append(element("td", "", text));
  output("findings").append(row);
}

function showSummary(summary: Summary, findings: number, hasPolicy: boolean): void {
  const { state, counts, found, anchored, policy, asked } = summary;
  const facts = output("facts");
  const where = Object.entries(asked.where ?? {}).map(([field, value]) => `${field} = ${value}`);
  facts.append(
    line("Asked for", [asked.from ?? "the beginning", "to", asked.to ?? "the end", ...where].join(" ")),
    line("Found", `${found.from ?? "the beginning"} to ${found.to ?? "the end"}`),
    line(
      "Positions",
      `${counts.leaves}: ${counts.valid} valid, ${counts.erased} valid with an erased payload, ${counts.expired} removed with their age, ${counts.repeated} sent again, ${counts.unreadable} dead letters, ${counts.lost} lost before they were sealed, ${counts.failed} failed, ${counts.unverifiable} that can't be verified`,
    ),
    line("Policy", hasPolicy ? policy.quorum : "none: the bundle's own keys were believed"),
  );
  if (anchored !== null) {
    facts.append(line("Ledger", `${anchored.origin}, root ${anchored.root} of ${anchored.size} leaves`));
    for (const { witness, time } of anchored.cosignatures)
      facts.append(line("Witnessed", `by ${witness} at ${time}`));
  }
  if (findings > MAX_SHOWN) facts.append(line("Findings", `${findings}, of which ${MAX_SHOWN} are listed`));
  if (state === "failed") say("bad", "FAILED: not all of this is as it was sealed.");
  else if (state === "nothing") say("warn", "There is no record in this bundle.");
  else if (!hasPolicy)
    say(
      "warn",
      "This bundle agrees with itself. Whether anybody else vouches for it, only a policy can say: give one.",
    );
  else if (anchored === null)
    say("warn", "Signed by the ledger, and not by the witnesses that your policy asks for.");
  else
    say(
      "good",
      "Verified: every record here is as it was sealed, and the witnesses of your policy vouch for it.",
    );
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
