import { keepToken } from "../api.js";
import { h } from "../dom.js";

/** Asks for a token. It stays in this tab. */
export function signInView(message, signedIn) {
  const input = h("input", {
    id: "token",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    placeholder: "tlu_…",
  });
  const submit = (event) => {
    event.preventDefault();
    keepToken(input.value.trim());
    signedIn();
  };
  return h(
    "section",
    { class: "sign-in card" },
    h("h1", {}, "Sign in"),
    message === "" ? null : h("p", { class: "problem", role: "alert" }, message),
    h(
      "form",
      { on: { submit } },
      h("label", { for: "token" }, "Access token"),
      input,
      h("button", { type: "submit" }, "Sign in"),
    ),
    h(
      "p",
      { class: "hint" },
      "The service prints a sign-in link when it starts on this machine; the token is also in client.json of its data directory. It stays in this tab until you close it.",
    ),
  );
}
