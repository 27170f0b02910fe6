import type { KeyVerifier } from "../note/verifier.ts";

/** Whom one trusts (C2SP tlog-policy): any of the logs, and of the witnesses as many as the quorum asks for. */
export interface Policy {
  /** Several lines of one name are a log that changes keys. May be empty where the log is known otherwise. */
  logs: PolicyLog[];
  witnesses: PolicyWitness[];
  quorum: PolicyMember | "none";
}

export interface PolicyLog {
  /** Its name is the origin. */
  key: KeyVerifier;
  /** What it means is for who uses the policy to know. */
  url: string | null;
}

export type PolicyMember = PolicyWitness | PolicyGroup;

export interface PolicyWitness {
  kind: "witness";
  /** Of this file only; the key has a name of its own. */
  name: string;
  key: KeyVerifier;
  /** The submission prefix of C2SP tlog-witness; null where nobody is to be asked. */
  url: string | null;
}

export interface PolicyGroup {
  kind: "group";
  name: string;
  /** How many of the members have to have cosigned: from 1 to all. */
  threshold: number;
  members: PolicyMember[];
}

/** Whether these cosignatures are enough. `cosigned` says of one witness whether its cosignature is there and verified. */
export function quorumHolds(policy: Policy, cosigned: (witness: PolicyWitness) => boolean): boolean {
  return policy.quorum === "none" || memberHolds(policy.quorum, cosigned);
}

function memberHolds(member: PolicyMember, cosigned: (witness: PolicyWitness) => boolean): boolean {
  if (member.kind === "witness") return cosigned(member);
  return member.members.filter((each) => memberHolds(each, cosigned)).length >= member.threshold;
}

/** The quorum in words, for people: `2 of (w1, w2, all of (x1, x2))`. */
export function quorumInWords(policy: Policy): string {
  return policy.quorum === "none" ? "none" : memberInWords(policy.quorum);
}

function memberInWords(member: PolicyMember): string {
  if (member.kind === "witness") return member.name;
  const { threshold, members } = member;
  const many = threshold === members.length ? "all" : String(threshold);
  return `${many} of (${members.map(memberInWords).join(", ")})`;
}
