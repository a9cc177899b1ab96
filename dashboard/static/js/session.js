// The log-in form and the log-out button.

import * as api from "./api.js";
import { byId } from "./dom.js";

/** Shows the form with a reason, ready to type into. */
export function showLogIn(reason) {
  byId("log-in-reason").textContent = reason ?? "";
  byId("log-in-reason").hidden = !reason;
  byId("log-in-error").textContent = "";
  byId("password").value = "";
  byId("password").removeAttribute("aria-invalid");
  byId("password").focus();
}

export function wireSession({ loggedIn, loggedOut, failed }) {
  const form = byId("log-in-form");
  const password = byId("password");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    byId("log-in-error").textContent = "";
    try {
      await api.logIn(password.value);
      password.value = "";
      password.removeAttribute("aria-invalid");
      loggedIn();
    } catch (error) {
      byId("log-in-error").textContent = words(error);
      password.setAttribute("aria-invalid", String(error.status === 401));
      password.focus();
      password.select();
    } finally {
      button.disabled = false;
    }
  });
  byId("log-out").addEventListener("click", async () => {
    try {
      await api.logOut();
      loggedOut();
    } catch (error) {
      if (error.status === 401) loggedOut();
      else failed(error);
    }
  });
}

function words(error) {
  if (error.status === 401) return "This password is not right.";
  if (error.status === 429) return `Too many attempts. ${error.detail || "Please wait a minute."}`;
  if (error.status === 0) return "The collector does not answer. Is it running?";
  return `Logging in failed: ${error.message}`;
}
