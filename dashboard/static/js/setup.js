// The set-up page: takes the one-time token from behind the # (it is never sent as part of an address),
// sets the password of the account that the token is for, logs in, and goes to the dashboard or the audit page.

import * as api from "./api.js";

const SHORTEST = 12;
const byId = (id) => document.getElementById(id);
const form = byId("setup-form");
const password = byId("password");
const error = byId("error");

// Characters as people count them, as the rule says them.
const lengthOf = (text) => [...text].length;

function start() {
  const token = decodeURIComponent(location.hash.slice(1));
  byId("no-token").hidden = Boolean(token);
  form.hidden = !token;
  if (token) password.focus();
}

function complain(words, atPassword) {
  error.textContent = words;
  password.setAttribute("aria-invalid", String(atPassword));
  if (atPassword) password.focus();
}

password.addEventListener("input", () => {
  const length = lengthOf(password.value);
  byId("count").textContent = length === 0 ? "" : length < SHORTEST ? `${SHORTEST - length} to go.` : "Long enough.";
  if (length >= SHORTEST) complain("", false);
});

byId("reveal").addEventListener("click", (event) => {
  const shown = password.type === "password";
  password.type = shown ? "text" : "password";
  event.currentTarget.textContent = shown ? "Hide" : "Show";
  event.currentTarget.setAttribute("aria-pressed", String(shown));
});

// An auditor is told as whom they are logged in: the page they get is not the owner's.
function showDone() {
  history.replaceState(null, "", location.pathname);
  password.value = "";
  form.hidden = true;
  byId("title").textContent = "The auditor’s password is set";
  byId("done").hidden = false;
  byId("done-link").focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (lengthOf(password.value) < SHORTEST) return complain(`This password has ${lengthOf(password.value)} characters; it needs at least ${SHORTEST}.`, true);
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    const role = await api.setUp(decodeURIComponent(location.hash.slice(1)), password.value);
    const known = await api.session().catch(() => null);
    if (known?.role !== role && !known?.demo) await api.logIn(password.value, role).catch(() => null);
    if (role === "auditor") showDone();
    else location.replace("/");
  } catch (problem) {
    button.disabled = false;
    if (problem.status === 400) complain(problem.message, problem.pointer === "/password" || !problem.pointer);
    else if (problem.status === 403) complain("This set-up link is no longer valid: it works once, and not for long. Ask for a new one where MQLite runs: mqlite user reset-password for the owner, mqlite user add-auditor for an auditor; add --role auditor to the first if there is an auditor already.", false);
    else if (problem.status === 429) complain(`Too many attempts: ${problem.detail || "please wait a minute"}.`, false);
    else if (problem.status === 0) complain("The collector does not answer. Is it running?", false);
    else complain(`Setting the password failed: ${problem.message}`, false);
  }
  return undefined;
});

window.addEventListener("hashchange", start);
start();
