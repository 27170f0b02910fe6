import { readFile } from "node:fs/promises";
import { TriplineError } from "@tripline/events";
import {
  DEFAULT_RESPONSE_YAML,
  parseResponseConfig,
  type ResponseConfig,
  type RuleResponse,
  withRuleResponse,
} from "@tripline/response";
import { type ServiceContext, writePrivateFile } from "@tripline/service";
import { resolveWebhooks, type WebhookSettings } from "./webhook-settings.ts";

const POLL_MS = 1000; // reading beats watching: it also sees a renamed file, a swapped link, a network mount

export interface Settings {
  config: ResponseConfig;
  webhooks: WebhookSettings[];
}

/**
 * `response.yaml`: read at the start, read again when its text changes, edited for the API. A text with a mistake stops the start;
 * later it is reported (`problem`) and the last good settings stay.
 */
export class ResponseFile {
  readonly path: string;
  /** What is wrong with the file as it stands now. */
  problem: string | undefined;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #logger: ServiceContext["logger"];
  #text = "";
  #settings: Settings;
  #onChange: ((settings: Settings) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: ResponseFileOptions, text: string, settings: Settings) {
    this.path = options.path;
    this.#env = options.env;
    this.#logger = options.logger;
    this.#text = text;
    this.#settings = settings;
  }

  /** Writes the commented default when there is no file. @throws TriplineError for a file with a mistake */
  static async open(options: ResponseFileOptions): Promise<ResponseFile> {
    let text = await readIfPresent(options.path);
    if (text === undefined) {
      text = DEFAULT_RESPONSE_YAML;
      await writePrivateFile(options.path, text);
    }
    return new ResponseFile(options, text, settingsOf(text, options.env));
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Calls `onChange` with new settings from now on, until `stop`. */
  follow(onChange: (settings: Settings) => void): void {
    this.#onChange = onChange;
    this.#timer = setInterval(() => void this.reload(), POLL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#onChange = undefined;
    await this.#last;
  }

  /** Looks at the file now. What is wrong with it is in `problem` afterwards. */
  reload(): Promise<void> {
    return this.#oneAtATime(async () => {
      try {
        const text = (await readIfPresent(this.path)) ?? "";
        if (text !== this.#text) this.#take(text);
      } catch (error) {
        this.#report(error);
      }
    });
  }

  /**
   * Replaces one rule's settings in the file and puts them in force. `change` gets what the file says now; what it throws is
   * passed on. @throws TriplineError TRIPLINE_RESPONSE_CONFIG_INVALID when the file has a mistake: it is not touched then
   */
  setRule(ruleId: string, change: (known: RuleResponse | undefined) => RuleResponse): Promise<void> {
    return this.#oneAtATime(async () => {
      const before = (await readIfPresent(this.path)) ?? "";
      const { rules } = parseResponseConfig(before).automatic_revocation;
      const known = Object.hasOwn(rules, ruleId) ? rules[ruleId] : undefined;
      const text = withRuleResponse(before, ruleId, change(known));
      settingsOf(text, this.#env);
      await writePrivateFile(this.path, text);
      this.#take(text);
    });
  }

  #take(text: string): void {
    this.#text = text; // also a wrong one: it is reported once, not every second
    try {
      this.#settings = settingsOf(text, this.#env);
    } catch (error) {
      this.#report(error);
      return;
    }
    this.problem = undefined;
    this.#logger.info({ path: this.path }, "response.yaml took effect");
    this.#onChange?.(this.#settings);
  }

  #report(error: unknown): void {
    if (!(error instanceof TriplineError)) throw error;
    if (this.problem === error.message) return;
    this.problem = error.message;
    this.#logger.error(
      { path: this.path, code: error.code, problem: error.message },
      "response.yaml is refused; the last good settings stay",
    );
  }

  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // the caller has the rejection; the next one starts all the same
    return result;
  }
}

export interface ResponseFileOptions {
  path: string;
  env: Readonly<Record<string, string | undefined>>;
  logger: ServiceContext["logger"];
}

function settingsOf(text: string, env: ResponseFileOptions["env"]): Settings {
  const config = parseResponseConfig(text);
  return { config, webhooks: resolveWebhooks(config, env) };
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new TriplineError(
      "TRIPLINE_RESPONSE_CONFIG_UNREADABLE",
      `${path} can't be read: check who owns it`,
      { cause },
    );
  }
}
