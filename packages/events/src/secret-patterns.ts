/**
 * What counts as a secret: property names, and patterns in text. Each pattern captures the secret in a group named
 * after its kind. All are linear: no nested quantifiers, each repetition bounded by what may follow.
 */

/** Last words of a property name (camelCase, snake_case or kebab-case) that hold a secret. */
const SECRET_WORDS = new Set([
  "password",
  "passwd",
  "passphrase",
  "passcode",
  "pwd",
  "secret",
  "token",
  "apikey",
  "apitoken",
  "authorization",
  "credential",
  "credentials",
  "cookie",
  "otp",
  "pin",
  "jwt",
]);
/** Two last words that do. */
const SECRET_PAIRS = new Set([
  "api key",
  "access key",
  "account key",
  "auth key",
  "client key",
  "encryption key",
  "master key",
  "private key",
  "secret key",
  "shared key",
  "signing key",
  "ssh key",
]);
/** Tokens that only page or count. */
const HARMLESS_PAIRS = new Set([
  "page token",
  "next token",
  "continuation token",
  "sync token",
  "progress token",
  "per token",
]);

/** Whether a property of this name holds a secret, e.g. `dbPassword`, `api-key`, `AWS_SECRET_ACCESS_KEY`. */
export function isSecretName(propertyName: string): boolean {
  if (propertyName.length > 128) return false; // no property name, but content
  const words = propertyName
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const last = words.at(-1);
  if (last === undefined) return false;
  const pair = `${words.at(-2) ?? ""} ${last}`;
  if (HARMLESS_PAIRS.has(pair)) return false;
  return SECRET_WORDS.has(last) || SECRET_PAIRS.has(pair);
}

/** Secrets that their own form gives away. */
const FORMS: readonly string[] = [
  String.raw`(?<private_key>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$))`,
  String.raw`(?<jwt>\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)`,
  String.raw`(?<aws_access_key>\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b)`,
  String.raw`(?<github_token>\bgh[pousr]_[A-Za-z0-9]{20,255}|\bgithub_pat_[A-Za-z0-9_]{20,255})`,
  String.raw`(?<gitlab_token>\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{20,255})`,
  String.raw`(?<slack_token>\bxox[abeoprs]-[A-Za-z0-9-]{10,255}|\bxapp-[A-Za-z0-9-]{10,255})`,
  String.raw`(?<stripe_key>\b(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,255})`,
  String.raw`(?<model_key>\bsk-[A-Za-z0-9_-]{20,255})`,
  String.raw`(?<google_key>\bAIza[0-9A-Za-z_-]{35}|\bya29\.[0-9A-Za-z_-]{20,512}|\bGOCSPX-[0-9A-Za-z_-]{20,255})`,
  String.raw`(?<package_token>\bnpm_[A-Za-z0-9]{30,255}|\bpypi-[A-Za-z0-9_-]{30,255})`,
  String.raw`(?<service_token>\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|\bhf_[A-Za-z0-9]{30,255}|\bdop_v1_[a-f0-9]{60,255}|\bhvs\.[A-Za-z0-9_-]{20,255}|\btl[pu]_[A-Za-z0-9_-]{20,255})`,
];

const NAME =
  "[A-Za-z0-9_.-]{0,40}(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token|(?:api|access|secret|private|signing|encryption|account|master|shared|client|auth)[_-]?key)";
/** Behind up to 7 backslashes: JSON text in JSON text in JSON text. */
const QUOTE = String.raw`\\{0,7}["'${"`"}]`;
/** Names that also stand in prose: only as the name of a JSON member. */
const MEMBER = String.raw`${QUOTE}(?:[A-Za-z0-9_.-]{0,40}(?:authorization|credentials?|cookie|jwt)|(?:[A-Za-z0-9_.-]{0,40}[_.-])?(?:otp|pin))${QUOTE}[ \t]{0,8}:[ \t]{0,8}`;
const ASSIGN = String.raw`(?:${QUOTE})?[ \t]{0,8}(?:=>|:=|[:=])[ \t]{0,8}`;

/** Secrets that the name before them gives away, as `password: x`, `"token": "x"`, `DB_PASSWORD=x`. */
const ASSIGNMENTS: readonly string[] = [
  // in quotes: up to the closing quote
  String.raw`(?<=(?:${NAME}${ASSIGN}|${MEMBER})${QUOTE})(?<quoted>[^"'${"`"}\\\r\n⟨⟩]{1,512})(?=${QUOTE})`,
  // the name begins the line: all of the line is the value
  String.raw`(?<=^[ \t]{0,32}(?:export |set |- )?["'${"`"}]?${NAME}${ASSIGN})(?<line>[^\s"'⟨⟩][^\r\n⟨⟩]{2,511})(?<! )`,
  // elsewhere: up to what can't be part of it
  String.raw`(?<=${NAME}${ASSIGN})(?<bare>[^\s"'\\,;⟨⟩(){}[\]]{4,512})`,
];

/** Cheap test whether ASSIGNMENTS can match at all. */
const ASSIGNMENT_HINT =
  /passw|passphrase|passcode|pwd|secret|token|key|authorization|credential|cookie|jwt|["'`_.-](?:otp|pin)\\{0,7}["'`]/i;

const FORM_PATTERN = new RegExp(FORMS.join("|"), "g");
/** In JSON text a line break is `\n`, and its letter joins the word behind it. */
const ESCAPE_HINT = /\\[bfnrtu]/;
const ESCAPED_FORM_PATTERN = new RegExp(
  FORMS.map((form) => form.replace(/\\b(?!\))/g, String.raw`(?<=\\(?:[bfnrt]|u[0-9A-Fa-f]{4}))`)).join("|"),
  "g",
);

/** Secrets that what stands before them gives away. A look-behind is tried at every character, so a cheap hint goes first. */
const PREFIXED: readonly { hint: RegExp; pattern: RegExp }[] = [
  {
    hint: /bearer |basic /i,
    pattern:
      /(?<=(?:\b|\\[bfnrt])(?:[Bb]earer|[Bb]asic|BEARER|BASIC) {1,3})(?<bearer>(?=[A-Za-z._~+/-]{0,256}[0-9])[A-Za-z0-9._~+/-]{12,4096}={0,2})/g,
  },
  {
    hint: /:\/\//,
    pattern:
      /(?<=\b[A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/[^\s:@/"'<>]{0,64}:)(?<url_password>[^\s@/"'<>⟨⟩]{1,256})(?=@)/g,
  },
];
/** First what is a token already and stays, since its kind may end in `token:` or `key:` itself. */
const ASSIGNMENT_PATTERN = new RegExp(
  ["(?<token>⟨[a-z_]+:[A-Za-z0-9_-]+\\.[0-9a-f]{16}⟩)", ...ASSIGNMENTS].join("|"),
  "gim",
);

/** The kinds a token may name: those of the forms, and `secret` for what a name gave away. */
type Replace = (kind: string, secret: string) => string;

/** Replaces every recognised secret in `text` by what `replace` returns for it. */
export function replaceSecrets(text: string, replace: Replace): string {
  const byKind = (...found: unknown[]): string => {
    const groups = found.at(-1) as Record<string, string | undefined>;
    const [kind, secret] = Object.entries(groups).find(([, value]) => value !== undefined) ?? ["secret", ""];
    return replace(kind, secret ?? "");
  };
  let clean = text.replace(FORM_PATTERN, byKind);
  if (ESCAPE_HINT.test(clean)) clean = clean.replace(ESCAPED_FORM_PATTERN, byKind);
  for (const { hint, pattern } of PREFIXED) if (hint.test(clean)) clean = clean.replace(pattern, byKind);
  if (!ASSIGNMENT_HINT.test(clean)) return clean;
  return clean.replace(ASSIGNMENT_PATTERN, (found: string) =>
    found.startsWith("⟨") ? found : replace("secret", found),
  );
}
