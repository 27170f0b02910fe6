import { terminalLine } from "@tripline/service/escape";
import { type Finding, isFailure, type Summary } from "@tripline/verify";
import type { CommandContext } from "../context.ts";
import { tone } from "../output/print.ts";

/** One finding as a line: what, where, which event, when. */
export function findingLine(finding: Finding, context: CommandContext): string {
  const { kind, log, index, to, id, time, tenant, what, files } = finding;
  const place = [
    log ?? "",
    index === null ? "" : to === undefined ? `/${index}` : `/${index}–${to - 1}`,
  ].join("");
  const about = [
    id === null ? "" : `event ${id}`,
    time === null ? "" : time,
    tenant === undefined ? "" : `tenant ${tenant}`,
    files === undefined || files.length === 0 ? "" : `files ${files.join(" ")}`,
  ].filter((part) => part !== "");
  const name = tone(context, isFailure(finding) ? "bad" : "warn", kind.padEnd(15));
  const details = about.length === 0 ? "" : ` (${about.join(", ")})`;
  return `${name} ${terminalLine(`${place === "" ? "" : `${place}: `}${what}${details}`)}\n`;
}

/** The end of a report: what was asked, what was found, what is valid, by whose word. */
export function summaryLines(summary: Summary, context: CommandContext): string {
  const { asked, found, counts, policy, signed, anchored, findings, state } = summary;
  const where = Object.entries(asked.where ?? {}).map(([field, value]) => `${field}=${value}`);
  const lines = [
    `asked     ${asked.from ?? "the beginning"} to ${asked.to ?? "now"}${where.length === 0 ? "" : `, ${where.join(", ")}`}`,
    `found     ${found.from ?? "the beginning"} to ${found.to ?? "the end"}`,
    ...found.logs.map(
      ({ path, from, to }) =>
        `          ${path}: ${from === to ? "no positions" : `positions ${from} to ${to - 1}`}`,
    ),
    `records   ${countsInWords(counts)}`,
  ];
  if (where.length > 0) lines.push(`          ${counts.selected} of them are asked about`);
  if (signed !== null) lines.push(`ledger    ${signed.origin}, root ${signed.root} of ${signed.size} leaves`);
  if (anchored === null)
    lines.push(`witnessed nothing: no checkpoint has what the policy asks for (${policy.quorum})`);
  else {
    const cosigned = anchored.cosignatures.map(({ witness, time }) => `${witness} at ${time}`).join(", ");
    const by = policy.quorum === "none" ? "no witness is asked for" : `${policy.quorum}: ${cosigned}`;
    lines.push(`witnessed up to ${anchored.time ?? "the beginning"} (${by})`);
  }
  if (policy.keys === "ledger")
    lines.push("policy    none: the ledger's own keys were believed. Name whom you trust with --policy");
  const listed = Object.entries(findings).map(([kind, count]) => `${count} ${kind}`);
  const words = {
    verified: tone(context, "good", listed.length === 0 ? "verified" : `verified (${listed.join(", ")})`),
    failed: tone(context, "bad", `FAILED: ${listed.join(", ")}`),
    nothing: tone(context, "warn", "nothing was found there"),
  };
  return [...lines.map((line) => terminalLine(line)), words[state], ""].join("\n");
}

function countsInWords(counts: Summary["counts"]): string {
  const parts: [number, string][] = [
    [counts.valid, "valid"],
    [counts.erased, "valid with an erased payload"],
    [counts.expired, "removed with their age"],
    [counts.repeated, "sent again"],
    [counts.unreadable, "dead letters"],
    [counts.lost, "lost before they were sealed"],
    [counts.failed, "failed"],
    [counts.unverifiable, "that can't be verified"],
  ];
  const said = parts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(", ");
  return `${counts.leaves} positions${said === "" ? "" : `: ${said}`}`;
}
