import { ask, tell } from "../api.js";
import { h, said } from "../dom.js";
import { untilChanged } from "./incident-changes.js";
import { actButton, choice, decisionButton, formButton, reasonInput } from "./parts.js";

const HOUR_MS = 3_600_000;
const MUTE_SPANS = [
  ["1", "for an hour"],
  ["8", "for 8 hours"],
  ["24", "for a day"],
  ["168", "for a week"],
];
const EXCEPTION_SPANS = [
  ["168", "for a week"],
  ["720", "for 30 days"],
  ["2160", "for 90 days"],
];

/** What somebody with the role `respond` can decide about an incident; nothing for others. */
export function incidentActions(answer, { me, signal }, load) {
  const { incident, revocations } = answer;
  if (!me.roles.includes("respond")) return null;
  const path = `/api/incidents/${encodeURIComponent(incident.id)}`;
  const changed = async () => {
    await untilChanged(answer, signal);
    await load();
  };
  const toState = async (to, note) => {
    await tell(`${path}/state`, note === "" ? { to } : { to, note });
    await changed();
  };
  const isClosed = incident.state === "resolved" || incident.state === "false_positive";
  const box = h(
    "div",
    { class: "actions", role: "group", "aria-label": "Decide" },
    incident.state === "open"
      ? actButton({ label: "Acknowledge", act: () => toState("acknowledged", "") })
      : null,
    isClosed ? null : revokeButton(incident, revocations, changed),
    ...reinstateButtons(revocations, changed),
    isClosed
      ? null
      : formButton({
          label: "Resolve",
          question: "It is over. What comes again within ten minutes opens it again.",
          quiet: true,
          controls: [reasonInput("What was it? (may stay empty)", false)],
          act: (values) => toState("resolved", String(values.get("reason")).trim()),
        }),
    incident.state === "false_positive" ? null : falsePositive(answer.proposed_where, path, toState, load),
    isClosed
      ? decisionButton({
          label: "Reopen",
          question: "It is open again, and people are told.",
          quiet: true,
          act: (reason) => toState("open", reason),
        })
      : null,
    incident.muted === undefined ? muteButton(incident) : unmuteButton(incident),
  );
  if (incident.done.kind === "proposed") void addProposal(box, incident, changed);
  return box;
}

/** Refuses what the rule names; not where it is refused already. */
function revokeButton({ alert }, revocations, changed) {
  const { scope, subject } = alert.response;
  const isRefused = revocations.some(({ revocation }) => revocation.state === "active");
  if (scope === undefined || subject === undefined || isRefused) return null;
  return decisionButton({
    label: `Revoke this ${scope}`,
    question: `Every interceptor will refuse ${scope} ${subject} from its next call on.`,
    danger: true,
    act: async (reason) => {
      const made = await tell("/api/revocations", { scope, subject, reason, alert_id: alert.id });
      if (made.proposal_id !== undefined) {
        return `Nothing is refused yet: it needs ${made.needs} people, and you are one of them.`;
      }
      await changed();
    },
  });
}

/** One step back for each entry that refuses: interceptors allow it again, and so does its issuer. */
function reinstateButtons(revocations, changed) {
  return revocations
    .filter(({ revocation }) => revocation.state === "active")
    .map(({ revocation: { id, scope, subject } }) =>
      decisionButton({
        label: `Reinstate this ${scope}`,
        question: `Interceptors will allow ${scope} ${subject} again. Other revocations of it stay.`,
        quiet: true,
        act: async (reason) => {
          await tell(`/api/revocations/${encodeURIComponent(id)}/reinstate`, { reason });
          await changed();
        },
      }),
    );
}

/** Says that it was none; and, where somebody wants that, that the rule is not to find this again for a time. */
function falsePositive(proposedWhere, path, toState, load) {
  const proposed = Object.entries(proposedWhere ?? {});
  const except = h("input", { type: "checkbox", name: "except", checked: proposed.length > 0 });
  return formButton({
    label: "False positive",
    question: "The rule was wrong here.",
    quiet: true,
    controls: [
      proposed.length === 0
        ? null
        : h(
            "fieldset",
            { class: "exception" },
            h("legend", {}, h("label", {}, except, " From now on, no alert of this rule where")),
            proposed.map(([name, value]) =>
              h(
                "label",
                { class: "check" },
                h("input", { type: "checkbox", name: "where", value: name, checked: true }),
                ` ${name} is `,
                said(typeof value === "string" ? value : JSON.stringify(value)),
              ),
            ),
            choice("hours", "Until it ends", EXCEPTION_SPANS, "720"),
          ),
      reasonInput("Why is it none?"),
    ].filter((control) => control !== null),
    act: async (values) => {
      const reason = String(values.get("reason")).trim();
      const names = values.getAll("where");
      if (values.get("except") !== null) {
        if (names.length === 0) throw new Error("Choose at least one thing that the exception is about.");
        await tell(`${path}/exception`, {
          where: Object.fromEntries(proposed.filter(([name]) => names.includes(name))),
          until: after(values.get("hours")),
          reason,
        });
      }
      await toState("false_positive", reason);
      await load();
    },
  });
}

function muteButton({ alert, rule }) {
  const credential = alert.actor?.credential;
  const about = [
    ...(credential === undefined ? [] : [["both", "this rule, for this credential"]]),
    ["rule", "this rule, whoever it is about"],
    ...(credential === undefined ? [] : [["credential", "this credential, whatever rule"]]),
  ];
  return formButton({
    label: "Mute",
    question: "Nobody is told of what matches until it ends. It is recorded all the same.",
    quiet: true,
    controls: [
      choice("about", "What", about, about[0][0]),
      choice("hours", "How long", MUTE_SPANS, "8"),
      reasonInput(),
    ],
    act: async (values) => {
      const chosen = values.get("about");
      await tell("/api/mutes", {
        match: {
          ...(chosen === "credential" ? {} : { rule: rule.id }),
          ...(chosen === "rule" ? {} : { credential }),
        },
        until: after(values.get("hours")),
        reason: String(values.get("reason")).trim(),
      });
      return "Muted. “tripline mute list” shows it, and ends it early.";
    },
  });
}

function unmuteButton({ muted }) {
  return decisionButton({
    label: "End the mute",
    question: "People are told again of what matches.",
    quiet: true,
    act: async (reason) => {
      await tell(`/api/mutes/${encodeURIComponent(muted)}`, { reason }, "DELETE");
      return "The mute has ended.";
    },
  });
}

/** A revocation that waits for a further person. */
async function addProposal(box, { alert_ids, alert }, changed) {
  const { proposals } = await ask("/api/proposals");
  const mine = proposals.find(({ alert_id }) => alert_id === alert.id || alert_ids.includes(alert_id));
  if (mine === undefined) return;
  const { scope, subject } = mine;
  const path = `/api/proposals/${encodeURIComponent(mine.id)}`;
  const have = mine.approved_by.length;
  box.prepend(
    actButton({
      label: `Approve revoking this ${scope} (${have} of ${mine.needs})`,
      act: async () => {
        await tell(`${path}/approve`, {});
        await changed();
      },
    }),
    decisionButton({
      label: "Reject",
      question: `${scope} ${subject} stays allowed.`,
      quiet: true,
      act: async (reason) => {
        await tell(`${path}/reject`, { reason });
        await changed();
      },
    }),
  );
}

function after(hours) {
  return new Date(Date.now() + Number(hours) * HOUR_MS).toISOString();
}
