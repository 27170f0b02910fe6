import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AccessRegistry, bootstrapAccess, writePrivateFile } from "@tripline/service";
import { z } from "zod";

/** `client.json`: how this machine's own programs (the CLI, the stdio proxy) reach this installation. 0600. */
const clientFileSchema = z.looseObject({
  url: z.string(),
  token: z.string().describe("of the administrator"),
  ingest_key: z.string().describe("of the producer `local`"),
});
export type ClientFile = z.infer<typeof clientFileSchema>;

/**
 * The tokens of this installation's own programs: made at the first start, and made anew when the file was lost or its
 * tokens are no longer good. Writes the file with the current URL.
 */
export async function writeClientFile(
  dataDir: string,
  url: string,
  access: AccessRegistry,
): Promise<ClientFile> {
  const kept = readClientFile(dataDir);
  const good =
    kept !== null &&
    access.authenticate(kept.token) !== null &&
    access.authenticate(kept.ingest_key) !== null;
  let file: ClientFile;
  if (good) file = { ...kept, url };
  else {
    const made = await bootstrapAccess(access, { reissue: true });
    if (made === null) throw new Error("bootstrapAccess made nothing although it was told to reissue");
    file = { url, token: made.administrator_token, ingest_key: made.producer_token };
  }
  await writePrivateFile(join(dataDir, "client.json"), `${JSON.stringify(file, null, 2)}\n`);
  return file;
}

function readClientFile(dataDir: string): ClientFile | null {
  let text: string;
  try {
    text = readFileSync(join(dataDir, "client.json"), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    return clientFileSchema.parse(JSON.parse(text));
  } catch (error) {
    // Unreadable is as good as lost: the tokens in it can't be used by anyone, and new ones are made.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
