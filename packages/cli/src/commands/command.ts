import type { Command } from "commander";
import { z } from "zod";
import { type ApiClient, createApiClient } from "../api/client.ts";
import { type ConnectionOptions, resolveConnection } from "../connection/connection.ts";
import type { CommandContext } from "../context.ts";

/** Adds one command, or one group of commands, to the program. */
export type AddCommand = (program: Command, context: CommandContext) => void;

const globalOptions = z.object({
  url: z.string().optional(),
  token: z.string().optional(),
  data: z.string().optional(),
  json: z.boolean().optional(),
});
export type GlobalOptions = z.infer<typeof globalOptions>;

/** The options that all commands share, wherever on the line they stood. */
export function globals(command: Command): GlobalOptions {
  return globalOptions.parse(command.optsWithGlobals());
}

/** A client for the service that the command line names. */
export function connect(command: Command, context: CommandContext): ApiClient {
  const options: ConnectionOptions = globals(command);
  return createApiClient(resolveConnection(options, context), context.signal);
}
