import { ApiError, ask, forgetToken, hasToken, takeTokenFromAddress } from "./api.js";
import { h, refreshAgo } from "./dom.js";
import { alertsView, alertView } from "./views/alerts.js";
import { callView } from "./views/call.js";
import { callsView } from "./views/calls.js";
import { incidentView } from "./views/incident.js";
import { incidentsView } from "./views/incidents.js";
import { revocationsView } from "./views/revocations.js";
import { sessionView } from "./views/session.js";
import { signInView } from "./views/sign-in.js";

/** The page: chooses a view by the address, asks every few seconds whether there is something new, handles sign-in. */

const POLL_MS = 5000; // each look is recorded as a reading, so not more often than a person can take in

const MAX_TITLE_CHARS = 80; // a tab shows less

const VIEWS = {
  incidents: (id, context) => (id === "" ? incidentsView(context) : incidentView(id, context)),
  calls: (id, context) => (id === "" ? callsView(context) : callView(id, context)),
  alerts: (id, context) => (id === "" ? alertsView(context) : alertView(id, context)),
  revocations: (id, context) => revocationsView(id, context),
  sessions: (id, context) => sessionView(id, context),
};

const main = document.querySelector("#main");
const nav = document.querySelector("#nav");
const whoBox = document.querySelector("#who");

let me = null;
let current = { stop: new AbortController(), refresh: null };
let newest = null;

takeTokenFromAddress();
addEventListener("hashchange", () => {
  takeTokenFromAddress();
  void open();
});
document.addEventListener("visibilitychange", () => void look());
setInterval(() => void look(), POLL_MS);
await open();

async function open() {
  current.stop.abort();
  current = { stop: new AbortController(), refresh: null };
  if (!hasToken()) return showSignIn("");
  try {
    me ??= await ask("/api/me");
    showWho();
    const [view, id, query] = place();
    for (const link of nav.querySelectorAll("a")) {
      if (link.hash === `#/${view}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const overview = await ask("/api/overview", {}, current.stop.signal);
    newest = newestOf(overview);
    const context = {
      me,
      query,
      overview,
      signal: current.stop.signal,
      onNews: (refresh) => (current.refresh = refresh),
    };
    const shown = await (VIEWS[view] ?? VIEWS.incidents)(id, context);
    main.replaceChildren(...[shown].flat());
    main.dataset.shows = location.hash;
    document.title = `${(main.querySelector("h1")?.textContent ?? "Tripline").slice(0, MAX_TITLE_CHARS)} · Tripline`;
    main.focus({ preventScroll: true });
    if (id !== "") scrollTo(0, 0);
  } catch (error) {
    fail(error);
  }
}

/** Looks for news, and lets the view that is open take them in. Not while nobody looks. */
async function look() {
  refreshAgo();
  if (document.hidden || me === null || current.refresh === null) return;
  const { refresh, stop } = current;
  try {
    const overview = await ask("/api/overview", {}, stop.signal);
    document.body.classList.remove("offline");
    if (newestOf(overview) === newest || stop.signal.aborted) return;
    newest = newestOf(overview);
    await refresh(overview);
  } catch (error) {
    if (error instanceof ApiError && error.status === 0) document.body.classList.add("offline");
    else fail(error);
  }
}

function newestOf({ latest_call, alerts, incidents, revocations }) {
  return JSON.stringify([
    latest_call,
    alerts.total,
    alerts.latest?.id,
    alerts.latest?.incident_id,
    incidents.newest,
    revocations.latest,
    revocations.active,
  ]);
}

/** `#/sessions/ID?query` as view, id and query. */
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...id] = path.split("/");
  return [
    view === "" ? "incidents" : view,
    decodeURIComponent(id.join("/")),
    new URLSearchParams(query ?? ""),
  ];
}

function showWho() {
  nav.hidden = false;
  whoBox.hidden = false;
  whoBox.replaceChildren(
    h("span", { title: `roles: ${me.roles.join(", ")}` }, `${me.id} · ${me.tenant}`),
    h("button", { type: "button", class: "quiet", on: { click: signOut } }, "Sign out"),
  );
}

function signOut() {
  forgetToken();
  me = null;
  void open();
}

function showSignIn(message) {
  nav.hidden = true;
  whoBox.hidden = true;
  document.title = "Sign in · Tripline";
  main.replaceChildren(signInView(message, () => void open()));
  main.querySelector("input").focus();
}

function fail(error) {
  if (error.name === "AbortError") return;
  if (error instanceof ApiError && error.status === 401) {
    forgetToken();
    me = null;
    return showSignIn("This token is not accepted (any more).");
  }
  main.replaceChildren(
    h("h1", {}, error.status === 404 ? "Not found" : "That did not work"),
    h("p", { role: "alert" }, error instanceof ApiError ? error.message : "The page has a fault; reload it."),
    h("p", {}, h("button", { type: "button", on: { click: () => void open() } }, "Try again")),
  );
  if (!(error instanceof ApiError)) throw error;
}
