import { type Destination, destinationsIn } from "../text/destinations.ts";
import { fnv1a } from "../text/hashing.ts";

/**
 * Where an argument sends something, in all the forms that tools and shells take: besides URLs and mail addresses a bare
 * host (`evil.example/x`), a name to be resolved, `user@host:path` of git and scp, `/dev/tcp/host/port`.
 */

const REDACTED = /⟨[a-z_]{1,32}:[^⟨⟩]{1,96}⟩/g;
const BARE_HOST = /^(?:[\w-]{1,63}\.){1,8}([a-z][a-z0-9-]{1,23})(?::\d{1,5})?(?:[/?#]\S*)?$/i;
const REMOTE =
  /(?:^|[\s'"=])(?:[\w.-]{1,64}@)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24}):(?!\/\/|\d{1,5}(?:\s|$))\S/gi;
const DEV_TCP = /\/dev\/(?:tcp|udp)\/([\w.-]{1,255})\/\d/g;
const SHELL_WORD = /[^\s'"`;|&()<>]+/g;
/** What is called like a file and is one far more often than a host. */
const FILE_ENDING =
  /^(?:txt|md|json|ya?ml|toml|ini|cfg|conf|log|csv|tsv|xml|html?|css|jsx?|mjs|cjs|tsx?|py|rb|go|rs|java|kt|c|h|cc|cpp|hpp|cs|php|pl|sh|bash|zsh|sql|db|sqlite|env|lock|pem|key|crt|cer|pdf|docx?|xlsx?|pptx?|png|jpe?g|gif|svg|webp|ico|zip|t?gz|tar|bz2|xz|7z|whl|jar|exe|dll|so|out|bak|tmp|test|spec|ipynb|parquet|proto|vue|scss|patch|diff)$/i;
/** A network command in its place and all that belongs to it. */
const CALLED_HOST =
  /(?:^|[\n;|&(`]\s{0,8}|\bsudo\s+)(?:curl|wget|nc|ncat|netcat|socat|ssh|s?ftp|telnet|nslookup|dig|host|ping|whois|https?|aria2c|rsync)\s+([^\n;|&]{1,1000})/g;
/** What the shell fills in: part of a host's name as well as of anything else. */
const SUBSTITUTED = /\$\([^()]{0,400}\)|`[^`\n]{0,400}`|\$\{?\w{1,64}\}?/g;
/** Options whose value is no host: what is written, sent or said. */
const TAKES_FILE =
  /^(?:-[oOdTFHAubieK]|--(?:output|data|data-\w+|upload-file|form|header|user|user-agent|cookie))$/;
const MAX_TARGETS = 64;

/** Commands and calls that send, or that ask a name of a server somewhere. */
const NETWORK =
  /\b(?:curl|wget|nc|ncat|netcat|socat|ssh|scp|sftp|rsync|ftp|telnet|rclone|aria2c|nslookup|dig|host|ping|whois|sendmail|mailx?|httpie|https?|iwr|irm|Invoke-(?:WebRequest|RestMethod)|git\s+(?:push|remote|clone|fetch|pull)|(?:aws\s+s3|gsutil|azcopy|mc)\s+(?:cp|mv|sync|rsync|copy)|s_client)\b|\b(?:requests|httpx|urllib|aiohttp|axios|http\.client|socket|smtplib|ftplib|paramiko|boto3)\b|\bfetch\s*\(|XMLHttpRequest|\/dev\/(?:tcp|udp)\//;
/** Sends without saying where: the destination is a variable, or configured. */
const BLIND = /\bgit\s+push\b|\b(?:curl|wget|nc|ncat|scp|rsync|ssh)\b[^\n;|]{0,400}\$[({A-Za-z_]/;

export function isNetworkCommand(command: string): boolean {
  return NETWORK.test(command);
}

export function sendsBlindly(command: string): boolean {
  return BLIND.test(command);
}

/** A secret in a host's name (`⟨secret…⟩.evil.example`) must not hide the host. */
export function withoutTokens(text: string): string {
  return text.includes("⟨") ? text.replace(REDACTED, "x") : text;
}

/** Of an argument that names a destination: all of it is one, or it is text with some in it. */
export function destinationsOfAddress(argument: string): Destination[] {
  const text = withoutTokens(argument).trim();
  const found = [...destinationsIn(text), ...remotesIn(text)];
  const bare = found.length > 0 ? null : BARE_HOST.exec(text);
  if (bare !== null && !FILE_ENDING.test(bare[1] ?? "")) found.push(bareHost(text));
  return found.slice(0, MAX_TARGETS);
}

/** Of a command or script that uses the network. */
export function destinationsOfCommand(command: string): Destination[] {
  const text = withoutTokens(command);
  const found = [...destinationsIn(text), ...remotesIn(text)];
  for (const [, host = ""] of text.matchAll(DEV_TCP)) found.push(hostOf(host, host));
  for (const [, rest = ""] of text.replace(SUBSTITUTED, "x").matchAll(CALLED_HOST)) {
    let before = "";
    for (const [word] of rest.matchAll(SHELL_WORD)) {
      const bare =
        TAKES_FILE.test(before) || word.includes("://") || word.includes("@") ? null : BARE_HOST.exec(word);
      if (bare !== null && !FILE_ENDING.test(bare[1] ?? "")) found.push(bareHost(word));
      before = word;
    }
    if (found.length >= MAX_TARGETS) break;
  }
  return found.slice(0, MAX_TARGETS);
}

function remotesIn(text: string): Destination[] {
  return [...text.matchAll(REMOTE)].map(([, host = ""]) => hostOf(host, host));
}

function bareHost(text: string): Destination {
  const value = text
    .toLowerCase()
    .replace(/^www\./, "")
    .replace(/\/+$/, "");
  return hostOf((value.split(/[/?#:]/, 1)[0] ?? "").toLowerCase(), value);
}

function hostOf(host: string, value: string): Destination {
  return {
    kind: "url",
    host: host.toLowerCase(),
    value: value.toLowerCase(),
    hash: fnv1a(value.toLowerCase()),
  };
}

const STORES = /\b(?:s3a?|gs|az|abfss?|wasbs?|oss|r2|b2|swift):\/\//i;

/** Buckets have names of one word, and are somewhere else all the same. */
export function namesStore(text: string): boolean {
  return STORES.test(text);
}
