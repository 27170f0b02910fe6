import { join } from "node:path";
import type { ClientFile } from "./client-file.ts";

/**
 * What a person reads when everything is up. The token goes only to a terminal, in the fragment of the URL, which
 * browsers send to no server; where output is kept, the file that holds it is named instead.
 */
export function banner(client: ClientFile, dataDir: string, isTerminal: boolean): string {
  const file = join(dataDir, "client.json");
  const signIn = isTerminal
    ? `${client.url}/#token=${client.token}\n             (the same token is in ${file})`
    : `${client.url}\n             sign in with the token in ${file}`;
  return `
Tripline is ready.

  Console    ${signIn}
  Data       ${dataDir}

  Wrap a server:   npx tripline proxy --credential local:alice -- COMMAND ARGS…
  Ask:             npx tripline calls --since today
`;
}
