import type { ToolClass } from "./effects.ts";

/** The vocabulary that tool names, descriptions and schemas are read with. English, as tool names are. */

export const READ_VERBS = new Set(
  (
    "get read list search fetch find check query lookup look view describe retrieve show count download browse open " +
    "inspect select load scan summarize preview stat head tail watch ping resolve compare calculate compute grep glob " +
    "ls cat navigate crawl scrape extract analyze return returns retrieves gets lists searches reads fetches"
  ).split(" "),
);

export const VERB_CLASS: ReadonlyMap<string, ToolClass> = new Map(
  Object.entries({
    send: "send email mail message dm reply respond forward notify tell text broadcast sms",
    post: "post publish upload push put tweet comment submit export",
    pay: "pay transfer wire remit refund transact charge deposit withdraw spend donate buy purchase checkout",
    create: "create make add set register insert generate build start append write save edit",
    update:
      "update change modify adjust alter replace rename reset correct patch move switch revise increase decrease",
    delete:
      "delete remove erase drop purge destroy clear wipe trash discard unlink kill terminate kick ban truncate",
    invite: "invite onboard enroll enrol",
    share: "share grant expose permit allow authorize authorise delegate assign",
    schedule: "schedule plan book arrange reserve reschedule",
    cancel: "cancel abort revoke disable deactivate suspend block",
    execute: "execute run launch invoke deploy install eval exec bash shell python sh terminal command",
    merge: "merge approve accept close commit",
  } satisfies Partial<Record<ToolClass, string>>).flatMap(([toolClass, verbs]) =>
    verbs.split(" ").map((verb) => [verb, toolClass as ToolClass] as const),
  ),
);

/** Words that are an act only as a name's first word: `email_user` sends, `search_email` does not. */
export const NOUN_TOO = new Set(
  "email mail message text comment post book command shell terminal python set open plan sms tweet".split(
    " ",
  ),
);

export const PRIVATE_NOUNS = new Set(
  (
    "file files directory folder document documents doc docs drive email emails mail mails inbox message messages " +
    "note notes calendar event events contact contacts user users customer customers patient account accounts iban " +
    "balance transaction transactions order orders invoice table tables database db sql record records memory graph " +
    "history conversation chat channel channels repo repository commit diff log logs sheet spreadsheet excel " +
    "clipboard screenshot profile reservation visitor task tasks storage bucket object node nodes entity entities"
  ).split(" "),
);

export const SECRET_NOUNS = new Set(
  "secret secrets password passwords credential credentials token tokens apikey keychain vault env environ".split(
    " ",
  ),
);

export const UNTRUSTED_NOUNS = new Set(
  (
    "web webpage webpages website page pages url urls link site html feed rss news tweet tweets internet " +
    "http browser email emails mail mails inbox message messages chat channel channels comment comments issue " +
    "issues ticket tickets review reviews pull discussion post posts forum wiki wikipedia transaction transactions " +
    "invitation event events"
  ).split(" "),
);

/** A read over these sends its address or its question to somebody else's machine. */
export const WEB_NOUNS = new Set(
  "web webpage website url internet http https browser google bing brave duckduckgo tavily crawl scrape".split(
    " ",
  ),
);

export const IDENTITY_NOUNS = new Set(
  "password permission permissions role roles member members collaborator access acl scope mfa invite invitation".split(
    " ",
  ),
);

export const MONEY_NOUNS = new Set(
  "money transaction payment payout invoice iban refund transfer wallet".split(" "),
);

const CAMEL = /([a-z0-9])([A-Z])/g;
const NOT_WORD = /[^A-Za-z0-9]+/;

/** The words of an identifier, lower case: `mcp__git__createIssue` gives mcp, git, create, issue. */
export function words(identifier: string): string[] {
  return identifier
    .replace(CAMEL, "$1 $2")
    .split(NOT_WORD)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
}

/** The tool's own name without a server's prefix: `email.search_emails` and `mcp__email__search_emails` are both a search. */
export function bareToolName(name: string): string {
  const cut = Math.max(name.lastIndexOf("."), name.lastIndexOf("/"), name.lastIndexOf(":"));
  const afterPrefix = cut >= 0 && cut < name.length - 1 ? name.slice(cut + 1) : name;
  const mcp = afterPrefix.lastIndexOf("__");
  return mcp > 0 && mcp < afterPrefix.length - 2 ? afterPrefix.slice(mcp + 2) : afterPrefix;
}
