import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { LOCAL_PRODUCER, LOCAL_TENANT, type RedactionKey } from "@tripline/events";
import type { RedactionKeySource } from "../core/current-redactor.ts";
import { limitWarnings, type OnWarning, warnProcess } from "../core/warnings.ts";
import { type ConfigurableInterceptor, createInterceptor } from "../create-interceptor.ts";
import { DenyList } from "../deny-list/deny-list.ts";
import { DenyListFile } from "../deny-list/deny-list-file.ts";
import { EntryVerifier } from "../deny-list/entry-verifier.ts";
import type { RevocationSource } from "../deny-list/revocation-source.ts";
import { createSseSource } from "../deny-list/sse-source.ts";
import { type InterceptorPolicyInput, interceptorPolicySchema } from "../policy.ts";
import { createHttpSender } from "../senders/http-sender.ts";
import { fetchSettings, type InterceptorSettings, redactionKeysOf, SettingsCache } from "./settings.ts";

/**
 * Only a first start waits for the collector at all: no settings are kept yet, and what is recorded for a tenant that is
 * not the key's is refused for good. A collector that is not there is known at once; this is for a busy one.
 */
const FIRST_ANSWER_MS = 2_000;
const REFRESH_MS = 5 * 60_000; // rotation overlaps by days; a policy takes effect within minutes
const RETRY_MS = 5_000;

export interface ConnectOptions {
  /** The collector, e.g. http://127.0.0.1:4180. */
  url: string;
  /** The producer's key (`tlp_…`). */
  ingestKey: string;
  /** Holds the spool, the last known settings and deny list. Default in the CLI: ~/.tripline. */
  stateDir: string;
  /** What the key was enrolled for. Only needed where a first start must work without the collector. */
  tenant?: string | undefined;
  producer?: string | undefined;
  enforcement?: "enforced" | "advisory" | undefined;
  /** Goes before what the collector says. */
  policy?: InterceptorPolicyInput | undefined;
  maxSpoolBytes?: number | undefined;
  onWarning?: OnWarning | undefined;
}

export interface ConnectedInterceptor extends ConfigurableInterceptor {
  readonly denyList: DenyList;
  readonly redactionKeys: RedactionKeySource;
  /** What the collector last said, now or at an earlier start; null when it was never reached. */
  settings(): InterceptorSettings | null;
}

/**
 * An interceptor that sends to a collector and follows its revocations. Resolves at once when the collector was reached
 * at an earlier start, else after its answer, its refusal, or 2 s; calls never wait for it.
 * Without any answer, now or earlier, records carry `tenant` and `producer` as given (default: `local` for both)
 * and a redaction key of this machine's own, whose id begins with `local-`.
 */
export async function connectInterceptor(options: ConnectOptions): Promise<ConnectedInterceptor> {
  const onWarning = limitWarnings(options.onWarning ?? warnProcess, Date.now);
  const cache = new SettingsCache(options.stateDir, options.url, options.ingestKey);
  const stop = new AbortController();
  let settings = cache.read();
  const fetching = refresh();
  if (settings === null) await Promise.race([fetching, timeout(FIRST_ANSWER_MS)]);

  let keys: readonly RedactionKey[] =
    settings === null ? [localKey(cache, onWarning)] : redactionKeysOf(settings);
  const verifier = new EntryVerifier([]);
  const verdicts = new EntryVerifier([]);
  pin(settings);
  const tenant = settings?.tenant ?? options.tenant ?? LOCAL_TENANT;
  const file = new DenyListFile(cache.denyListPath, onWarning);
  const denyList: DenyList = new DenyList({
    tenant,
    verifier,
    now: Date.now,
    onWarning,
    onChanged: () => file.changed(denyList, Date.now()),
    onRejected: () => refreshSoon(),
    directory: dirname(cache.denyListPath),
  });
  file.restoreInto(denyList);
  const interceptor = createInterceptor({
    tenant,
    producer: {
      id: settings?.producer ?? options.producer ?? LOCAL_PRODUCER,
      enforcement: options.enforcement,
    },
    stateDir: options.stateDir,
    sender: createHttpSender(options),
    redactionKeys: () => keys,
    denyList,
    verdicts,
    policy: policyOf(settings),
    maxSpoolBytes: options.maxSpoolBytes,
    onWarning: options.onWarning,
  });
  let source: RevocationSource | null = null;
  let pinned = JSON.stringify(settings?.revocation_keys);
  let refreshing: NodeJS.Timeout | null = null;
  use();
  const timer = setInterval(() => void refresh().then(use), REFRESH_MS);
  timer.unref();
  const retry = setInterval(() => {
    if (settings === null) void refresh().then(use);
    else clearInterval(retry);
  }, RETRY_MS);
  retry.unref();
  void fetching.then(use);

  /** Asks the collector and keeps the answer; a failure changes nothing. */
  async function refresh(): Promise<void> {
    try {
      settings = await fetchSettings(options.url, options.ingestKey, stop.signal);
      cache.write(settings);
    } catch (cause) {
      if (stop.signal.aborted) return;
      onWarning({
        code: "TRIPLINE_SETTINGS",
        message: `the collector at ${new URL(options.url).origin} gave no settings; going on with the last known ones`,
        cause,
      });
    }
  }

  /** Puts the settings in force. Entries can only be verified once the keys are known, so following begins then. */
  function use(): void {
    if (settings === null || stop.signal.aborted) return;
    if (settings.tenant !== tenant) {
      onWarning({
        code: "TRIPLINE_TENANT_CHANGED",
        message: `the key speaks for tenant ${settings.tenant}, but this process began as ${tenant}: restart it`,
      });
      return;
    }
    const fresh = redactionKeysOf(settings);
    if (JSON.stringify(fresh) !== JSON.stringify(keys)) keys = fresh;
    pin(settings);
    interceptor.usePolicy(policyOf(settings));
    const keysNow = JSON.stringify(settings.revocation_keys);
    if (source !== null && keysNow === pinned) return;
    pinned = keysNow;
    follow();
  }

  /** From the start of the list: entries that the old keys did not vouch for are looked at again. */
  function follow(): void {
    const before = source;
    source = createSseSource({
      url: options.url,
      ingestKey: options.ingestKey,
      onWarning,
      boot: interceptor.stats().boot,
      onVerdict: (verdict) => interceptor.judged(verdict),
    });
    source.start(denyList);
    void before?.close();
  }

  /** A revocation by an unknown key: the responder may have a new one. At most one question in RETRY_MS. */
  function refreshSoon(): void {
    if (refreshing !== null || stop.signal.aborted) return;
    void refresh().then(use);
    refreshing = setTimeout(() => {
      refreshing = null;
    }, RETRY_MS);
    refreshing.unref();
  }

  function pin(known: InterceptorSettings | null): void {
    try {
      if (known === null) return;
      verifier.pin(known.revocation_keys);
      verdicts.pin(known.verdict_keys);
    } catch (cause) {
      onWarning({
        code: "TRIPLINE_PINNED_KEY",
        message: "the keys of revocations or verdicts can't be read; the old ones stay",
        cause,
      });
    }
  }

  function policyOf(known: InterceptorSettings | null): InterceptorPolicyInput {
    const merged = { ...known?.policy, ...options.policy };
    const parsed = interceptorPolicySchema.safeParse(merged);
    if (parsed.success) return parsed.data;
    onWarning({
      code: "TRIPLINE_POLICY",
      message: `the policy is invalid at ${parsed.error.issues[0]?.path.join(".") ?? "its top"}; only this process's own is in force`,
    });
    return options.policy ?? {};
  }

  return {
    begin: (start) => interceptor.begin(start),
    listed: (listing) => interceptor.listed(listing),
    mayRefuse: () => interceptor.mayRefuse(),
    keyedHasher: () => interceptor.keyedHasher(),
    usePolicy: (policy) => interceptor.usePolicy(policy),
    judged: (verdict) => interceptor.judged(verdict),
    stats: () => interceptor.stats(),
    denyList,
    redactionKeys: () => keys,
    settings: () => settings,
    close: async (timeoutMs) => {
      stop.abort();
      clearInterval(timer);
      clearInterval(retry);
      if (refreshing !== null) clearTimeout(refreshing);
      await source?.close();
      file.save(denyList, Date.now());
      await interceptor.close(timeoutMs);
      denyList.close();
    },
  };
}

function localKey(cache: SettingsCache, onWarning: OnWarning): RedactionKey {
  try {
    return cache.localKey();
  } catch (cause) {
    onWarning({
      code: "TRIPLINE_LOCAL_KEY",
      message:
        "a redaction key of this machine's own can't be kept: its tokens won't match those of the next start",
      cause,
    });
    return { id: `local-${randomBytes(4).toString("hex")}`, key: randomBytes(32).toString("hex") };
  }
}

async function timeout(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
