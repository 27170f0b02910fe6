import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import { z } from "zod";
import { anyAnswer } from "../api/answers.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { table } from "../output/table.ts";
import { connect, globals } from "./command.ts";
import { atLeast, collect, writeSecret } from "./options.ts";

const producerRow = z.looseObject({
  id: z.string(),
  issuers: z.array(z.string()).optional(),
  credentials: z.array(z.string()).optional(),
});
const producersAnswer = z.looseObject({ producers: z.array(producerRow) });
const enrolledAnswer = z.looseObject({ key: z.string() });

interface AddOptions {
  issuer?: string[];
  credential?: string[];
  quota?: number;
  keyFile?: string;
}

/** `tripline producers …`: who may send records. */
export function addProducers(program: Command, context: CommandContext): void {
  const group = program
    .command("producers")
    .summary("who may send records: add, list, remove")
    .description(
      "Interceptors enrol as producers. A producer's key fixes its tenant and the credentials it may speak for. Needs the role administer.",
    );

  group
    .command("add <id>")
    .description(
      "Enrols a producer and prints its key, once. The key goes to standard output, or with --key-file into a file (0600).\n\n" +
        "Example: tripline producers add gw-1 --issuer key:acme --key-file gw-1.key",
    )
    .option(
      "--issuer <issuer>",
      "credential issuer it may speak for, e.g. local, key:acme (repeatable)",
      collect,
    )
    .option(
      "--credential <id>",
      "credential that holding this key proves, e.g. local:notes (repeatable)",
      collect,
    )
    .option("--quota <n>", "records a second it may send", atLeast(1))
    .option("--key-file <file>", "write the key here instead of printing it")
    .action(async (id: string, options: AddOptions, command: Command) => {
      const issuers = options.issuer ?? issuersOf(options.credential ?? []);
      const answer = await connect(command, context).request("POST", "/v1/producers", enrolledAnswer, {
        body: {
          id,
          issuers,
          ...(options.credential === undefined ? {} : { credentials: options.credential }),
          ...(options.quota === undefined ? {} : { quota: options.quota }),
        },
      });
      if (globals(command).json === true) return printJson(context, [answer]);
      writeSecret(answer.key, { what: `key of producer ${id}`, file: options.keyFile }, context);
    });

  group
    .command("list")
    .description("Lists the enrolled producers; never their keys.")
    .action(async (_options: unknown, command: Command) => {
      const { producers } = await connect(command, context).request("GET", "/v1/producers", producersAnswer);
      if (globals(command).json === true) return printJson(context, producers);
      context.out(
        table(
          [{ head: "id" }, { head: "issuers", shrinks: true }, { head: "credentials", shrinks: true }],
          producers.map((row) => [row.id, (row.issuers ?? []).join(" "), (row.credentials ?? []).join(" ")]),
          context.width,
        ),
      );
    });

  group
    .command("remove <id>")
    .description("Removes a producer: its key is refused from now on. What it recorded stays.")
    .action(async (id: string, _options: unknown, command: Command) => {
      const path = `/v1/producers/${encodeURIComponent(id)}`;
      await connect(command, context).request("DELETE", path, anyAnswer);
      context.err(`producer ${terminalLine(id)} removed\n`);
    });
}

/** `key:acme/42` was issued by `key:acme`, `local:notes` by `local`. A grant's issuer is a URL and has to be named. */
function issuersOf(credentials: readonly string[]): string[] {
  if (credentials.length === 0) return ["local"];
  if (credentials.some((id) => id.startsWith("grant:"))) {
    throw new CommandFailed(EXIT.usage, "name the issuer of a grant: --issuer grant:https://…");
  }
  return [
    ...new Set(credentials.map((id) => (id.startsWith("local:") ? "local" : (id.split("/")[0] ?? id)))),
  ];
}
