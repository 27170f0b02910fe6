import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClientFile } from "./client-file.ts";

// The full path: MCP clients start servers in directories of their own, where npx would look for it in vain.
const COMMAND = fileURLToPath(new URL("../../../node_modules/.bin/tripline", import.meta.url));

/**
 * What a person reads when everything is up. The token goes only to a terminal, in the fragment of the URL, which
 * browsers send to no server; where output is kept, the file that holds it is named instead.
 */
export function banner(client: ClientFile, dataDir: string, isTerminal: boolean): string {
  const data = resolve(dataDir);
  const file = join(data, "client.json");
  const signIn = isTerminal
    ? `${client.url}/#token=${client.token}\n             (the same token is in ${file})`
    : `${client.url}\n             sign in with the token in ${file}`;
  const usual = process.env.TRIPLINE_HOME ?? join(homedir(), ".tripline");
  const elsewhere = data === resolve(usual) ? "" : ` --data ${data}`;
  return `
Tripline is ready.

  Console    ${signIn}
  Data       ${data}

  Wrap a server:   ${COMMAND}${elsewhere} proxy --credential local:alice -- COMMAND ARGS…
  Ask:             npx tripline${elsewhere} calls --since today
`;
}
