// SPDX-License-Identifier: Apache-2.0
// Addresses within the page: #/inbox, #/sessions?state=FAILED&q=login, #/session/ID/changes, #/new?from=ID, #/health.

/** The parts of an address: {view, id, tab, query}. An unknown address is the inbox. */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s, 2);
  const [view = "", id = "", tab = ""] = path.split("/").map(decode);
  return { view: view || "inbox", id, tab, query: new URLSearchParams(query) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a session, or of one of its tabs. */
export function sessionLink(id, tab = "") {
  return `#/session/${encodeURIComponent(id)}${tab ? `/${tab}` : ""}`;
}

/** The address of the form for a new session with the same prompt. */
export function newLink(id) {
  return `#/new?from=${encodeURIComponent(id)}`;
}

/** The address of the list with some filters; empty ones are left out. */
export function sessionsLink(filters = {}) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
  return `#/sessions${query.size ? `?${query}` : ""}`;
}

/** Goes to an address. `replace` adds no entry to the history. */
export function go(hash, { replace = false } = {}) {
  if (location.hash === hash) return;
  if (replace) {
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = hash;
  }
}
