/** Asks the API with the token of this tab. */

const TOKEN_KEY = "tripline.token"; // in sessionStorage: gone when the tab is closed

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function hasToken() {
  return sessionStorage.getItem(TOKEN_KEY) !== null;
}

export function keepToken(token) {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export function forgetToken() {
  sessionStorage.removeItem(TOKEN_KEY);
}

/** Takes a token that came behind `#token=` out of the address bar, so that it is in no history and no screenshot. */
export function takeTokenFromAddress() {
  const match = /^#token=([\w.-]+)$/.exec(location.hash);
  if (match === null) return;
  keepToken(match[1]);
  history.replaceState(null, "", `${location.pathname}#/incidents`);
}

export async function ask(path, query = {}, signal) {
  const url = new URL(path, location.origin);
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(key, value);
  }
  return await exchange(url, { signal });
}

export async function tell(path, body, method = "POST") {
  return await exchange(new URL(path, location.origin), {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** The answer as a file, which a link could not fetch: it has no token. */
export async function download(path, query) {
  const url = new URL(path, location.origin);
  for (const [key, value] of Object.entries(query))
    if (value !== "" && value !== undefined) url.searchParams.set(key, value);
  const response = await fetch(url, { headers: authorization() });
  if (!response.ok) throw await failure(response);
  return await response.blob();
}

async function exchange(url, init) {
  let response;
  try {
    response = await fetch(url, {
      ...init,
      headers: { ...init.headers, ...authorization() },
      redirect: "error",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Tripline does not answer. Is it running?");
  }
  if (!response.ok) throw await failure(response);
  return response.status === 204 ? null : await response.json();
}

function authorization() {
  return { authorization: `Bearer ${sessionStorage.getItem(TOKEN_KEY) ?? ""}`, accept: "application/json" };
}

async function failure(response) {
  let message = `HTTP ${response.status}`;
  if ((response.headers.get("content-type") ?? "").includes("json")) {
    const body = await response.json();
    message = body?.error?.message ?? message;
  }
  return new ApiError(response.status, message);
}
