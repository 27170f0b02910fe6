import { TriplineError } from "@tripline/events";
import { ConfigError, clickhouseKeys } from "@tripline/service";
import { migrateStore, rolesSql } from "@tripline/store";
import type { Command } from "commander";
import { z } from "zod";
import { addConfigOptions, commandConfig } from "../connection/config-options.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { globals } from "./command.ts";

const storeConfig = z.object(clickhouseKeys);

/** `tripline store …`: the schema at a ClickHouse server, by the one user that may change it. */
export function addStore(program: Command, context: CommandContext): void {
  const group = program
    .command("store")
    .summary("the schema at a ClickHouse server: migrate, roles")
    .description(
      "Talks to ClickHouse itself (TRIPLINE_STORE, TRIPLINE_STORE_USER, TRIPLINE_STORE_PASSWORD). The embedded store looks after itself.",
    );

  addConfigOptions(group.command("migrate"), storeConfig)
    .description(
      "Brings the tables to this version. Services do it at their start where their user may; under the roles of infra/clickhouse only the migrating user may.\n\n" +
        "Example: tripline store migrate --store https://clickhouse:8443 --store-user tripline_migrations",
    )
    .action(async (_options: unknown, command: Command) => {
      const versions = await migrated(command, context);
      if (globals(command).json === true) return printJson(context, [{ migrations: versions }]);
      context.out(versions.length === 0 ? "nothing to do\n" : `migrations run: ${versions.join(", ")}\n`);
    });

  group
    .command("roles")
    .description(
      "Prints the roles and grants of each service as SQL, for an administrator of the server to apply.",
    )
    .option("--database <name>", "the database that Tripline has there", "tripline")
    .action((options: { database: string }) => {
      if (!/^[a-z_][a-z0-9_]*$/i.test(options.database)) {
        throw new CommandFailed(EXIT.usage, "--database: expected a plain word");
      }
      context.out(rolesSql(options.database));
    });
}

async function migrated(command: Command, context: CommandContext): Promise<number[]> {
  try {
    const { store, storeUser, storePassword } = commandConfig(storeConfig, command, context);
    return await migrateStore({ url: store, username: storeUser, password: storePassword });
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailed(EXIT.usage, error.message, error);
    if (error instanceof TriplineError) throw new CommandFailed(EXIT.failure, error.message, error);
    throw error;
  }
}
