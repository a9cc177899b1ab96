// The log-in form and the log-out button, for the dashboard and for the audit page.

import * as api from "./api.js";
import { byId, choose, segments } from "./dom.js";
import { fieldName } from "./format.js";

/**
 * Shows the form with a reason, ready to type into. Where more than one role has a password it asks for which;
 * `usual` is the one that this page is for.
 */
export function showLogIn(reason, roles = [], usual = "owner") {
  const asked = byId("log-in-roles");
  const chosen = asked.querySelector(":checked")?.value ?? usual;
  asked.hidden = roles.length < 2;
  asked.replaceChildren(asked.querySelector("legend"));
  if (!asked.hidden) {
    segments(asked, "role", roles.map((role) => [role, fieldName(role)]), () => {});
    choose(asked, roles.includes(chosen) ? chosen : roles[0]);
  }
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
      await api.logIn(password.value, form.querySelector("#log-in-roles :checked")?.value);
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
  if (error.status === 401) return document.querySelector("#log-in-roles :checked") ? "This password is not right for this role." : "This password is not right.";
  if (error.status === 429) return `Too many attempts. ${error.detail || "Please wait a minute."}`;
  if (error.status === 0) return "The collector does not answer. Is it running?";
  return `Logging in failed: ${error.message}`;
}
