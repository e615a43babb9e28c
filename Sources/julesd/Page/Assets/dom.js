// SPDX-License-Identifier: Apache-2.0
// Builds the page. Data is inserted only as text nodes and attributes, never as markup.

/**
 * An element. `spec` is a tag name with classes, such as "button.quiet". Members of `attributes` that start with "on" are
 * event listeners; true sets an empty attribute; false, null and undefined leave it out. Children that are null or false
 * are left out, lists are flattened, and anything that is no node becomes text.
 */
export function h(spec, attributes, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  // Without a type a button submits its form.
  if (tag === "button") element.type = "button";
  if (isAttributes(attributes)) set(element, attributes);
  else children.unshift(attributes);
  element.append(...nodes(children));
  return element;
}

function isAttributes(value) {
  return value && Object.getPrototypeOf(value) === Object.prototype;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child != null && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/** Sets attributes, properties and listeners as `h` does. */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value === false || value == null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
  return element;
}

/** Replaces the content of an element by `children`. */
export function fill(element, ...children) {
  element.mark = null;
  element.replaceChildren(...nodes(children));
  return element;
}

/** Fills an element again only if `mark`, which identifies the new content, has changed. Keeps the focus on the same `data-key`. */
export function renew(element, mark, children) {
  const text = JSON.stringify(mark) ?? "";
  if (element.mark === text) return;
  const held = element.contains(document.activeElement) && document.activeElement.dataset.key;
  fill(element, children()).mark = text;
  if (held) [...element.querySelectorAll("[data-key]")].find((each) => each.dataset.key === held)?.focus({ preventScroll: true });
}

/** Changes an element's text only if it differs, to avoid a needless layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the icons in index.html. Screen readers ignore it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

const kept = new WeakMap();

/**
 * Shows one node for each item in `parent`, in order, and keeps the nodes of items that stay, with the text typed into them
 * and the focus. `update` is called for every node, new ones included.
 */
export function keyed(parent, items, keyOf, create, update) {
  const old = kept.get(parent) ?? new Map();
  const now = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const node = old.get(key) ?? create(item);
    now.set(key, node);
    update?.(node, item);
  }
  for (const [key, node] of old) if (!now.has(key)) node.remove();
  let place = parent.firstChild;
  for (const node of now.values()) {
    // A node that is moved loses the focus within it, so only nodes in the wrong place are moved.
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  kept.set(parent, now);
  return now;
}

let numbers = 0;

/** An id for an element that another one refers to. */
export function freshId(prefix) {
  numbers += 1;
  return `${prefix}-${numbers}`;
}

/** Copies text, also if the page came over plain HTTP and the browser offers no clipboard. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = h("textarea.offscreen", { value: text, "aria-hidden": "true" });
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("the browser does not let the page copy");
}

/** A bar that shows `value` of `limit`. */
export function meter(label, value, limit, marks) {
  return Object.assign(h("meter", { max: limit, "aria-label": label, ...marks }), { value });
}
