// Turns an e-mail address into what the collector knows it by, in this page, so that the address is not sent.

/** Whether this browser can hash here: only on https and on localhost. */
export const canHash = () => Boolean(globalThis.crypto?.subtle);

/** SHA-256 of the trimmed, lower-cased address in hexadecimal, as the snippet makes it. */
export async function hashOf(address) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(address.trim().toLowerCase()));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const HEX = { hash: 64, key: 32 };

/** { body } that names the person to the API, or { problem } that says what is wrong with what was typed. */
export async function naming(way, typed) {
  const value = typed.trim();
  if (!value) return { problem: "Please say who." };
  if (way === "email") {
    if (!/^\S+@\S+$/.test(value)) return { problem: "An e-mail address has an @ and no spaces." };
    return { body: canHash() ? { email_hash: await hashOf(value) } : { email: value } };
  }
  if (way === "token") return { body: { token: value } };
  const length = HEX[way];
  if (!new RegExp(`^[0-9a-f]{${length}}$`, "i").test(value)) return { problem: `This must be ${length} characters from 0 to 9 and a to f; it has ${[...value].length}.` };
  return { body: { [way === "hash" ? "email_hash" : "key"]: value.toLowerCase() } };
}
