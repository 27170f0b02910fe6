import { AwsV4Signer } from "aws4fetch";
import { z } from "zod";
import type { HttpAnswer } from "../http/index.ts";
import type { ProbeResult, RevocationTarget, Revoker, UpstreamOutcome } from "../revoker.ts";
import { concerns, keyIdOf } from "./credential.ts";
import { type Asked, ask } from "./exchange.ts";
import {
  address,
  COMMON,
  idMap,
  keyIssuer,
  type RevokerDeps,
  revokerKind,
  secretPlace,
  secretReader,
} from "./kind.ts";

const schema = z.strictObject({
  type: z.literal("aws_access_key").describe("AWS IAM: an access key is made Inactive, and Active again"),
  ...COMMON,
  issuer: keyIssuer.default("aws"),
  endpoint: address.default("https://iam.amazonaws.com").describe("IAM of your partition"),
  region: z.string().min(1).default("us-east-1").describe("that the endpoint's requests are signed for"),
  access_key_id: z.string().regex(/^[A-Z0-9]{16,128}$/, { error: "expected an access key id, as AKIA…" }),
  secret_access_key: secretPlace,
  session_token: secretPlace.optional(),
  ids: idMap.describe("id in key:<issuer>/<id> -> access key id (AKIA…), where the two differ"),
});

const VERSION = "2010-05-08"; // of the IAM query API
const ACCESS_KEY_ID = /^[A-Z0-9]{16,128}$/;
// IAM throttles with 400.
const THROTTLED = new Set(["Throttling", "ThrottlingException", "RequestLimitExceeded"]);

/**
 * Makes an access key inactive (iam:GetAccessKeyLastUsed, iam:ListAccessKeys, iam:UpdateAccessKey). Temporary credentials that were
 * made with the key before live on until they expire; IAM needs some seconds to tell all regions.
 */
export const awsAccessKey = revokerKind({
  type: "aws_access_key",
  schema,
  create: createAwsAccessKey,
  addresses: ({ endpoint }) => [endpoint],
});

function createAwsAccessKey(settings: z.infer<typeof schema>, deps: RevokerDeps): Revoker {
  const { name, issuer, ids } = settings;
  const secret = secretReader(settings.secret_access_key, deps);
  const session =
    settings.session_token === undefined ? undefined : secretReader(settings.session_token, deps);

  function accessKeyId(target: RevocationTarget): string | undefined {
    const id = keyIdOf(target, issuer) ?? "";
    const key = (Object.hasOwn(ids, id) ? ids[id] : undefined) ?? id;
    return ACCESS_KEY_ID.test(key) ? key : undefined;
  }

  async function call(
    action: string,
    parameters: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Asked> {
    const body = new URLSearchParams({ Action: action, Version: VERSION, ...parameters }).toString();
    const headers: Record<string, string> = {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    };
    const signed = await new AwsV4Signer({
      method: "POST",
      url: settings.endpoint,
      headers,
      body,
      service: "iam",
      region: settings.region,
      accessKeyId: settings.access_key_id,
      secretAccessKey: secret(),
      ...(session === undefined ? {} : { sessionToken: session() }),
      datetime: new Date(deps.now()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    }).sign();
    const request = () => ({ method: "POST", headers: Object.fromEntries(signed.headers), body, signal });
    return ask(deps.http, name, signed.url.href, request, [400, 403, 404]);
  }

  /** The key's user and whether the key may be used. */
  async function stateOf(
    key: string,
    signal: AbortSignal,
  ): Promise<{ user: string; active: boolean } | UpstreamOutcome> {
    const owner = await call("GetAccessKeyLastUsed", { AccessKeyId: key }, signal);
    if ("failed" in owner) return owner.failed;
    if (owner.answer.status !== 200) return failure(name, owner.answer);
    const user = element(owner.answer.text, "UserName");
    if (user === undefined)
      return {
        kind: "impossible",
        reason: `${name}: this is no IAM user's key; only its account can end it`,
      };
    const listed = await call("ListAccessKeys", { UserName: user }, signal);
    if ("failed" in listed) return listed.failed;
    if (listed.answer.status !== 200) return failure(name, listed.answer);
    const member = listed.answer.text.split("<member>").find((part) => element(part, "AccessKeyId") === key);
    const status = member === undefined ? undefined : element(member, "Status");
    if (status === undefined)
      return { kind: "refused", reason: `${name} knows no such access key: check ids` };
    return { user, active: status !== "Inactive" };
  }

  async function set(
    target: RevocationTarget,
    active: boolean,
    signal: AbortSignal,
  ): Promise<UpstreamOutcome> {
    const key = accessKeyId(target);
    if (key === undefined) {
      return {
        kind: "impossible",
        reason: `${name}: say in ids which access key (AKIA…) this is, or make it inactive by hand`,
      };
    }
    const known = await stateOf(key, signal);
    if ("kind" in known) return known;
    if (known.active === active) return { kind: "done", already: true };
    const parameters = { UserName: known.user, AccessKeyId: key, Status: active ? "Active" : "Inactive" };
    const asked = await call("UpdateAccessKey", parameters, signal);
    if ("failed" in asked) return asked.failed;
    return asked.answer.status === 200 ? { kind: "done" } : failure(name, asked.answer);
  }

  return {
    name,
    probes: true,
    handles: (target) => concerns(settings, target) && keyIdOf(target, issuer) !== undefined,
    revoke: (target, signal) => set(target, false, signal),
    reinstate: (target, signal) => set(target, true, signal),
    async probe(target, signal): Promise<ProbeResult> {
      const key = accessKeyId(target);
      const known = key === undefined ? undefined : await stateOf(key, signal);
      if (known === undefined || "kind" in known) return "unknown";
      return known.active ? "accepted" : "refused";
    },
  };
}

function failure(name: string, answer: HttpAnswer): UpstreamOutcome {
  const code = element(answer.text, "Code") ?? "";
  if (THROTTLED.has(code)) return { kind: "retry", reason: `${name} is throttled`, afterMs: undefined };
  // Error codes are AWS's own words; anything else is not quoted.
  const known = /^[A-Za-z]{3,60}$/.test(code) ? ` (${code})` : "";
  const reason = `${name} answered ${answer.status}${known}: check the key's id, and the access of access_key_id`;
  return { kind: "refused", reason };
}

/** The text of the first element of this name. Names and states of IAM hold nothing that XML escapes. */
function element(xml: string, tag: string): string | undefined {
  return new RegExp(`<${tag}>([^<&]{1,256})</${tag}>`).exec(xml)?.[1];
}
