// Makes and updates elements. Strings only ever become text nodes or attribute values, never markup, and
// no style attribute is written: what the API says can neither run nor restyle.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element: h("button", { type: "button", click: listener }, "text", child …). */
export const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

/** An SVG element. */
export const svg = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/** Words for screen readers only. */
export const heard = (words) => h("span", { class: "sr-only" }, words);

/** Sets text, and leaves the node alone (a selection in it too) when nothing changed. Says if it changed. */
export function setText(element, words) {
  const value = String(words);
  if (element.textContent === value) return false;
  element.textContent = value;
  return true;
}

/** Runs `change` and gives the focus back if moving nodes about took it away. */
export function keepingFocus(change) {
  const focused = document.activeElement;
  change();
  if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

/** Makes `parent`'s children follow `items`: the same key keeps the same node, so that what is open stays open. */
export function reconcile(parent, items, keyOf, create, update) {
  keepingFocus(() => {
    const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
    let place = parent.firstElementChild;
    for (const item of items) {
      const key = String(keyOf(item));
      let node = known.get(key);
      if (node) known.delete(key);
      else {
        node = create(item);
        node.dataset.key = key;
      }
      update(node, item);
      if (node === place) place = place.nextElementSibling;
      else parent.insertBefore(node, place);
    }
    for (const gone of known.values()) gone.remove();
  });
}

/** Plays the highlight of a fresh value, once. */
export function highlight(element) {
  element.classList.remove("fresh");
  void element.getBoundingClientRect();
  element.classList.add("fresh");
  element.addEventListener("animationend", () => element.classList.remove("fresh"), { once: true });
}

/** A set of radio buttons drawn as segments; `choices` is [[value, label, spoken?], …]. */
export function segments(fieldset, name, choices, onChoice) {
  for (const [value, label, spoken] of choices) {
    const input = h("input", { type: "radio", name, value, "aria-label": spoken, change: () => onChoice(value) });
    fieldset.append(h("label", null, input, h("span", null, label)));
  }
}

/** Checks the radio button with this value. */
export function choose(fieldset, value) {
  for (const input of fieldset.querySelectorAll("input")) input.checked = input.value === value;
}
