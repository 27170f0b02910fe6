import { TriplineError } from "@tripline/events";
import { encodeText, LedgerError, type LogList, parseLogList } from "@tripline/ledger";
import { FollowedFile, type Part, type ServiceContext } from "@tripline/service";

const INITIAL = `# The logs that this witness watches, one key a line, as \`tripline ledger path\` prints it:
#   log KEY
# A change takes effect within a second.
`;

/** The list of logs in a file that people edit; a wrong one leaves the last good one in force. */
export async function openWatchedLogs(
  path: string,
  logger: ServiceContext["logger"],
): Promise<{ logs: () => LogList; part: Part }> {
  const file = await FollowedFile.open({
    path,
    parse: (text) => parse(path, text),
    initial: INITIAL,
    logger,
  });
  let stopped = false;
  return {
    logs: () => file.settings,
    part: {
      name: "logs",
      start: async () => file.follow(),
      stop: async () => {
        stopped = true;
        await file.stop();
      },
      health: () => {
        if (stopped) return { state: "stopped" };
        const health = file.health();
        const { size } = file.settings;
        if (health.state !== "ready") return health;
        return size > 0
          ? { state: "ready", detail: `${size} watched` }
          : { state: "degraded", detail: `no log in ${path}` };
      },
    },
  };
}

function parse(path: string, text: string): LogList {
  try {
    return parseLogList(encodeText(text));
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new TriplineError("TRIPLINE_WITNESS_LOGS_INVALID", `${path}, ${error.message}`, { cause: error });
  }
}
