import { attacksIn } from "../knowledge/attack/attack.ts";
import { personalIn, personalInArguments } from "../knowledge/personal/personal-data.ts";
import { secretsIn, secretsInArguments } from "../knowledge/personal/secrets-in.ts";
import type { Destination } from "../text/destinations.ts";
import type { Field } from "./fields.ts";
import type { RecordView } from "./record-view.ts";

/** Fields that say what is known of a call: worked out from its arguments and result, and from the manifest. */
export const KNOWLEDGE_FIELDS: Readonly<Record<string, Field>> = {
  attack: {
    read: (view) => list([...new Set(attacksIn(view.args).map(({ kind }) => kind))]),
    about:
      "attacks in the arguments, a list: path_traversal, command_injection, sql_injection, metadata_address, local_file_url, template_injection, header_injection, xml_entity, prototype_pollution",
    payload: true,
  },
  args_secret: {
    read: (view) => list(secretsInArguments(view.args)),
    about:
      "kinds of secrets in arguments that are not meant for any, a list; encoded_… where only decoding shows them, data_in_host where a host's name carries data",
    payload: true,
  },
  result_secret: {
    read: (view) => list(secretsIn(view.result)),
    about: "kinds of secrets in the result, a list",
    atEnd: true,
    payload: true,
  },
  args_personal: {
    read: (view) => personalInArguments(view.args),
    about:
      "how many different mail addresses, phone numbers, cards and accounts the arguments carry, receivers left out",
    payload: true,
  },
  result_personal: {
    read: (view) => personalIn(view.result),
    about: "how many different mail addresses, phone numbers, cards and accounts are in the result",
    atEnd: true,
    payload: true,
  },
  "destination.unlisted": {
    read: (view) =>
      list(
        view.argumentEffects.targets
          .filter((target) => view.manifest.isKnownDestination(target) === false)
          .map(nameOf),
      ),
    about: "destinations outside that the manifest does not list, a list; missing where it lists none at all",
    payload: true,
  },
  "server.approved": {
    read: (view) => {
      const server = view.record.envelope.target?.server;
      const approved = server === undefined ? null : view.manifest.isApproved(server);
      return approved === null ? undefined : approved ? "yes" : "no";
    },
    about: "yes or no, by the manifest's list; missing where it has none",
  },
  "server.owner": {
    read: (view) => view.manifest.ownerOf(view.record.envelope.target?.server ?? ""),
    about: "whom to ask, by the manifest",
  },
  "tool.risk": {
    read: (view) => entryOf(view)?.risk,
    about: "how grave a misuse is, by the manifest: informational, low, medium, high, critical",
  },
  over_limit: {
    read: (view) => {
      const { max_args_bytes = NO_LIMIT, max_result_bytes = NO_LIMIT } = entryOf(view)?.limits ?? {};
      const { args_bytes, result_bytes } = view.record.envelope.call ?? {};
      return list([
        ...(max_args_bytes < NO_LIMIT && (args_bytes ?? sizeOf(view.rawArgs)) > max_args_bytes
          ? ["args_bytes"]
          : []),
        ...(max_result_bytes < NO_LIMIT && (result_bytes ?? sizeOf(view.result)) > max_result_bytes
          ? ["result_bytes"]
          : []),
      ]);
    },
    about: "limits of the manifest that the call exceeds, a list: args_bytes, result_bytes",
    atEnd: true,
    payload: true,
  },
};

const NO_LIMIT = Number.POSITIVE_INFINITY;

/** Of a record whose producer did not count. */
function sizeOf(value: unknown): number {
  return value === undefined
    ? 0
    : Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value));
}

function list(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values;
}

function nameOf({ kind, host, value }: Destination): string {
  return kind === "url" ? host : value;
}

function entryOf(view: RecordView): ReturnType<RecordView["manifest"]["entryOf"]> | null {
  const { server, tool } = view.record.envelope.target ?? {};
  return server === undefined || tool === undefined ? null : view.manifest.entryOf(server, tool);
}
