import { createSigner, FileStorage, openLog, parseSigningKey } from "../index.ts";
import { entriesFrom, ORIGIN } from "./logs.ts";

/** A process that appends to the log in `argv[2]` without end, to be killed: tells each size that it has published. */
const signer = createSigner(parseSigningKey(process.env.TEST_LEDGER_KEY ?? ""));
const storage = new FileStorage(process.argv[2] ?? "");
const log = await openLog({ storage, origin: ORIGIN, signers: [signer] });
for (let round = 0; ; round++) {
  const count = 1 + ((round * 97) % 1200);
  await log.append(log.size, entriesFrom(log.size, count));
  const { size } = await log.checkpoint();
  console.log(size);
}
