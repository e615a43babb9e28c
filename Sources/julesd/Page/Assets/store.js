// SPDX-License-Identifier: Apache-2.0
// The data of the page. Views read it and get its changes; `live.js` writes it.

import { summary } from "./session.js";

/** All sessions, each current up to its own position in the feed. Pages and changes may come in any order. */
export class Sessions {
  #rows = new Map();
  #gone = new Map();
  #ordered = null;

  get size() { return this.#rows.size; }

  get(id) { return this.#rows.get(id); }

  /** The number of sessions, archived or not. */
  count(archived) {
    let number = 0;
    for (const row of this.#rows.values()) if (row.archived === archived) number += 1;
    return number;
  }

  /** Stores a session as it was at `seq`, unless something newer is known. */
  put(session, seq) {
    const row = summary(session, seq);
    if (!row.id || (this.#gone.get(row.id) ?? -1) > seq || (this.#rows.get(row.id)?.seq ?? -1) > seq) return;
    this.#rows.set(row.id, row);
    this.#ordered = null;
  }

  /** Applies one change of the feed. */
  apply({ id, seq, after }) {
    if (after) return this.put(after, seq);
    this.#gone.set(id, seq);
    if ((this.#rows.get(id)?.seq ?? -1) <= seq) {
      this.#rows.delete(id);
      this.#ordered = null;
    }
  }

  /** Removes sessions that a complete read, begun at `seq`, did not find. */
  dropUnseen(seen, seq, archived) {
    for (const [id, row] of this.#rows) {
      if (row.archived === archived && row.seq <= seq && !seen.has(id)) this.#rows.delete(id);
    }
    this.#ordered = null;
  }

  /** All rows, newest first. */
  get ordered() {
    this.#ordered ??= [...this.#rows.values()].sort((a, b) => (b.created || 0) - (a.created || 0) || (a.id < b.id ? 1 : -1));
    return this.#ordered;
  }
}

/** The sessions that wait for a person. An item is hidden when a person acts on it, and comes back if the action fails. */
export class Inbox {
  #items = [];
  #hidden = new Map();

  /** The visible items, oldest first. */
  get items() { return this.#items.filter((item) => this.#hidden.get(item.sessionId) !== mark(item)); }

  get(id) { return this.items.find((item) => item.sessionId === id); }

  take(items) { this.#items = items; }

  hide(item) { this.#hidden.set(item.sessionId, mark(item)); }

  show(item) { this.#hidden.delete(item.sessionId); }
}

/** Distinguishes an item from a later one of the same session. */
function mark(item) {
  return [item.reason, item.since, item.planId ?? item.question ?? ""].join("\n");
}

export class Store {
  sessions = new Sessions();
  inbox = new Inbox();
  /** The answer of /api/status, or null. */
  status = null;
  /** {kind, since, until}: "loading", "live", "connecting" or "waiting"; since when it has not been live. */
  connection = { kind: "loading" };
  /** Whether all sessions have been read, and all archived ones. */
  complete = false;
  archivedComplete = false;
  /** The newest changes, newest first, and which sessions have changed since the last visit. */
  changes = [];
  touched = new Set();
  /** {missed, at} after a gap. */
  gap = null;
  /** Until when the daemon accepts no more reads (milliseconds since 1970). */
  limitedUntil = 0;
  /** The error of an action on a session's item, by id, shown beside the item. */
  troubles = new Map();
  /** Whether the inbox has been read. Before that an empty inbox means nothing. */
  inboxKnown = false;
  /** The last visit, as `visit.js` has it. */
  visit = null;

  #listeners = new Map();
  #due = new Set();

  /** Calls `listener` after changes of `topic`: "sessions", "inbox", "status", "connection", "changes"; and for each "delta". */
  on(topic, listener) {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Calls the listeners at once. */
  tell(topic, value) {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(value);
  }

  /** Calls the listeners before the next frame, once for any number of changes. A hidden page has no frames, so a timer is used. */
  note(...topics) {
    const isFirst = this.#due.size === 0;
    for (const topic of topics) this.#due.add(topic);
    if (!isFirst) return;
    let done = false;
    const run = () => {
      if (done) return;
      done = true;
      const due = [...this.#due];
      this.#due.clear();
      for (const topic of due) this.tell(topic);
    };
    requestAnimationFrame(run);
    setTimeout(run, 200);
  }
}
