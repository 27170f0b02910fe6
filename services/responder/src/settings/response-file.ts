import type { Notifier, ResponseConfig, Revoker, RuleResponse } from "@tripline/response";
import { FollowedFile, type ServiceContext } from "@tripline/service";
import { DEFAULT_RESPONSE_YAML } from "./default-response.ts";
import { openNotifiers } from "./notifiers.ts";
import { parseResponseConfig, withRuleResponse } from "./response-yaml.ts";
import { openRevokers } from "./revokers.ts";

export interface Settings {
  config: ResponseConfig;
  notifiers: Notifier[];
  revokers: Revoker[];
}

export interface ResponseFileOptions {
  path: string;
  env: Readonly<Record<string, string | undefined>>;
  context: Pick<ServiceContext, "logger" | "now">;
}

/** `response.yaml`: followed as people edit it, and edited for the API. */
export class ResponseFile {
  readonly #file: FollowedFile<Settings>;

  private constructor(file: FollowedFile<Settings>) {
    this.#file = file;
  }

  /** Writes the commented default when there is no file. @throws TriplineError for a file with a mistake */
  static async open({ path, env, context }: ResponseFileOptions): Promise<ResponseFile> {
    const parse = (text: string): Settings => {
      const config = parseResponseConfig(text);
      const deps = { env, now: context.now };
      return { config, notifiers: openNotifiers(config, deps), revokers: openRevokers(config, deps) };
    };
    return new ResponseFile(
      await FollowedFile.open({ path, parse, initial: DEFAULT_RESPONSE_YAML, logger: context.logger }),
    );
  }

  get settings(): Settings {
    return this.#file.settings;
  }

  /** What is wrong with the file as it stands now. */
  get problem(): string | undefined {
    return this.#file.problem;
  }

  /** Calls `onChange` with new settings from now on, until `stop`. */
  follow(onChange: (settings: Settings) => void): void {
    this.#file.follow(onChange);
  }

  async stop(): Promise<void> {
    await this.#file.stop();
  }

  /**
   * Replaces one rule's settings in the file and puts them in force. `change` gets what the file says now; what it throws is
   * passed on. @throws TriplineError TRIPLINE_RESPONSE_CONFIG_INVALID when the file has a mistake: it is not touched then
   */
  setRule(ruleId: string, change: (known: RuleResponse | undefined) => RuleResponse): Promise<void> {
    return this.#file.edit((text) => {
      const { rules } = parseResponseConfig(text).automatic_revocation;
      const known = Object.hasOwn(rules, ruleId) ? rules[ruleId] : undefined;
      return withRuleResponse(text, ruleId, change(known));
    });
  }
}
