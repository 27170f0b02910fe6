import type { ToolClass } from "./effects.ts";

/** The vocabulary that tool names, descriptions and schemas are read with. English, as tool names are. */

export const READ_VERBS = new Set(
  (
    "get read list search fetch find check query lookup look view describe retrieve show count download browse open " +
    "inspect select load scan summarize summarise preview stat head tail watch ping resolve compare calculate compute " +
    "grep glob ls cat navigate crawl scrape extract analyze analyse explain translate detect classify convert geocode " +
    "locate discover explore identify validate verify estimate suggest recommend recall transcribe simulate think echo " +
    "hover wait ask research lint diagnose trace track monitor parse decode encode translate peek measure rank predict " +
    "capture snapshot screenshot whoami whois goto help aggregate sum demonstrate provide obtain gather " +
    "collect display render examine determine choose sample map see say identify iterate traverse"
  ).split(" "),
);

export const VERB_CLASS: ReadonlyMap<string, ToolClass> = new Map(
  Object.entries({
    send: "send email mail message dm reply respond forward notify tell text broadcast sms call escalate",
    post: "post publish upload push put tweet retweet comment submit export react like announce",
    pay: "pay transfer wire remit refund transact charge deposit withdraw spend donate buy purchase checkout sell",
    create:
      "create make add set register insert generate build start append write save edit copy clone fork duplicate " +
      "import initialize initialise init provision fill draw record store compose draft remember propose connect subscribe " +
      "follow join star pin tag annotate compress",
    update:
      "update change modify adjust alter replace rename reset correct patch move switch revise increase decrease apply " +
      "configure toggle mark unmark archive unarchive restore lock unlock sync synchronize synchronise upsert rotate " +
      "scale resize transition link unlink attach detach label format complete finalize finalise enable resume reopen " +
      "pause play skip turn control manage upgrade downgrade rollback rebase refuel refill exchange redo undo stash " +
      "checkout_branch prescribe apply issue hand discharge unfreeze return",
    delete:
      "delete remove erase drop purge destroy clear wipe trash discard unlink kill terminate kick ban truncate rm del " +
      "uninstall unregister unsubscribe dismiss forget prune leave unstar unfollow unpin deprovision",
    invite: "invite onboard enroll enrol",
    share: "share grant expose permit allow authorize authorise delegate assign promote",
    schedule: "schedule plan book arrange reserve reschedule",
    cancel:
      "cancel abort revoke disable deactivate suspend block stop reject decline freeze mute unassign reboot",
    execute:
      "execute run launch invoke deploy install eval evaluate exec bash shell python sh terminal command trigger rerun " +
      "retry restart dispatch click type press drag tap swipe login handle action perform",
    merge: "merge approve accept close commit acknowledge ack",
  } satisfies Partial<Record<ToolClass, string>>).flatMap(([toolClass, verbs]) =>
    verbs.split(" ").map((verb) => [verb, toolClass as ToolClass] as const),
  ),
);

/** Words that are an act only where nothing else is: `email_user` sends, `search_email` and `git_commit_list` do not. */
export const NOUN_TOO = new Set(
  (
    "email mail message text comment post book command shell terminal python set open plan sms tweet call record " +
    "label tag link draft export import exchange format issue start order request log control action type like star " +
    "map sample count head tail view trace track monitor load scan help sum snapshot screenshot query check lock pin " +
    "branch commit copy transfer build deploy charge refund deposit invoice report review schedule share change patch " +
    "resume capture display play block"
  ).split(" "),
);

/** A reading verb before one of these acts: `resolve_issue`, `open_ticket`, `select_option`, `extract_archive`. */
export const ACTING_PAIRS: ReadonlyMap<string, ToolClass> = new Map(
  Object.entries({
    "resolve issue": "merge",
    "resolve ticket": "merge",
    "resolve alert": "merge",
    "resolve incident": "merge",
    "resolve conflict": "merge",
    "resolve thread": "merge",
    "open issue": "create",
    "open ticket": "create",
    "open account": "create",
    "open case": "create",
    "open position": "pay",
    "select option": "execute",
    "extract archive": "create",
    "check in": "update",
    "check out": "update",
    "git pull": "update",
    "git checkout": "update",
    "download install": "execute",
  } satisfies Record<string, ToolClass>),
);

/** What a name without a verb is about when the tool only reads: `git_status`, `directory_tree`, `user_info`. */
export const READ_NOUNS = new Set(
  (
    "status info information details detail tree log logs history summary stats statistics metrics count schema size " +
    "results result diff blame briefing analysis report list index metadata overview usage health version docs " +
    "documentation profile profiles timeline forecast weather directions elevation matrix output reader getter finder " +
    "viewer leaderboard trending quality sentiment balance ps top"
  ).split(" "),
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

/** What is created or changed where others read it: an issue, a comment, a gist. Not documents, which have their readers. */
export const PUBLISHED_NOUNS = new Set(
  "issue comment comments gist discussion review pull tweet post posts reply thread message messages release worklog".split(
    " ",
  ),
);

export const MONEY_NOUNS = new Set(
  "money transaction payment payout invoice iban refund wallet fund funds bill balance".split(" "),
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
