// SPDX-License-Identifier: Apache-2.0
// Keeps the store up to date: reads everything once, then follows the feed; reads again only after a gap.

import { sessionPath } from "./api.js";
import { Feed } from "./feed.js";
import { text } from "./session.js";
import { ChangesSince } from "./visit.js";

const PAGE = 500;
const MOST_CHANGES = 100;
const STATUS_EVERY = 15_000;
const INBOX_EVERY = 60_000;
const INBOX_PAUSE = 1_200;
const INBOX_INCOMPLETE = 2_500;
const RETRY = 3_000;

export class Live {
  constructor(api, store, token) {
    this.api = api;
    this.store = store;
    this.token = token;
    this.visit = new ChangesSince();
    this.asked = new Set();
  }

  /** Reads the first page, and then the rest in the background. Throws the error of the first read. */
  async start() {
    await this.#readSessions();
    this.feed = new Feed({
      token: this.token,
      query: () => new URLSearchParams({ since: this.seq, epoch: this.epoch }),
      heard: (message) => this.#heard(message),
      turned: (state) => this.#turned(state),
      failed: () => this.#askWhy(),
    });
    this.feed.start();
    this.refreshInbox();
    this.refreshStatus();
    this.#readChanges();
    this.timers = [
      setInterval(() => document.visibilityState === "visible" && this.refreshStatus(), STATUS_EVERY),
      setInterval(() => this.refreshInbox(), INBOX_EVERY),
    ];
    this.wasVisible = document.visibilityState === "visible";
    this.seen = (event) => this.#noteVisit(event);
    addEventListener("pagehide", this.seen);
    document.addEventListener("visibilitychange", this.seen);
  }

  stop() {
    this.stopped = true;
    this.feed?.stop();
    clearTimeout(this.inboxTimer);
    clearTimeout(this.readTimer);
    this.timers?.forEach(clearInterval);
    removeEventListener("pagehide", this.seen);
    document.removeEventListener("visibilitychange", this.seen);
  }

  /** Reads the archived sessions too, when somebody first asks for them. */
  async readArchived() {
    if (this.archivedAsked) return;
    this.archivedAsked = true;
    try {
      this.store.archivedComplete = await this.#readPages("archived=1&", true);
      this.store.note("sessions");
    } catch {
      this.archivedAsked = false;
    }
  }

  async refreshStatus() {
    try {
      this.store.status = await this.api.get("/api/status", { patient: false });
      this.store.note("status");
      this.#compare(this.store.status);
    } catch {
      // The state of the connection shows the error.
    }
  }

  /** A daemon that has just started fills its store without a delta for each session, so the counts are compared regularly. */
  #compare({ seq, sessions }) {
    if (!this.store.complete || seq !== this.seq) return;
    const theirs = Object.values(sessions).reduce((sum, number) => sum + number, 0);
    if (theirs === this.store.sessions.count(false) || theirs === this.compared) return;
    this.compared = theirs;
    this.#readSoon(0);
  }

  /** Reads the inbox soon, and not more often than the daemon's limit allows. */
  refreshInbox() {
    if (this.inboxTimer) return;
    const pause = Math.max(0, (this.inboxRead ?? 0) + INBOX_PAUSE - Date.now());
    this.inboxTimer = setTimeout(async () => {
      this.inboxRead = Date.now();
      this.inboxTimer = undefined;
      await this.readInbox();
    }, pause);
  }

  /** Reads the inbox now. */
  async readInbox() {
    const number = (this.inboxNumber = (this.inboxNumber ?? 0) + 1);
    try {
      const items = [];
      for (let cursor = ""; ;) {
        const page = await this.api.get(`/api/inbox${cursor}`);
        items.push(...page.items);
        if (!page.nextCursor) break;
        cursor = `?cursor=${encodeURIComponent(page.nextCursor)}`;
      }
      // A later request counts more, whichever answer came first.
      if (number < (this.inboxTaken ?? 0)) return;
      this.inboxTaken = number;
      this.store.inbox.take(items);
      this.store.inboxKnown = true;
      this.store.note("inbox", "sessions");
      this.#complete(items.filter((item) => (item.reason === "plan" && !item.planId) || (item.reason === "question" && !item.question)));
    } catch {
      // Read again with the next change, and every minute.
    }
  }

  /** A plan or question is reported before its text is known. Its text is read on request. */
  async #complete(items) {
    const unread = items.filter((item) => !this.asked.has(`${item.sessionId} ${item.since}`));
    for (const item of unread) {
      this.asked.add(`${item.sessionId} ${item.since}`);
      await this.api.get(sessionPath(item.sessionId, "/activities?limit=1")).catch(() => {});
    }
    if (unread.length) this.refreshInbox();
    else if (items.length) setTimeout(() => this.refreshInbox(), INBOX_INCOMPLETE);
  }

  /** The reason that Jules gives for the failure of a session; "" if it gives none. */
  async failureOf(id) {
    const { activities } = await this.api.get(sessionPath(id, `/activities?limit=${PAGE}`));
    return text(activities.findLast((activity) => activity.sessionFailed)?.sessionFailed.reason);
  }

  async #readSessions() {
    // At sign-in an error is shown at once.
    const first = await this.api.get(`/api/sessions?limit=${PAGE}`, { patient: this.seq !== undefined });
    // From then on the feed has its own position.
    this.seq ??= first.seq;
    this.epoch ??= first.epoch;
    this.reading = (this.reading ?? 0) + 1;
    this.#take(first);
    this.#readPages("", false, first).then((isWhole) => {
      if (!isWhole) return;
      this.store.complete = true;
      this.store.note("sessions");
    }, () => this.#readSoon());
  }

  /** Reads everything, and repeats this until it works: a partly read list would look complete. */
  #readSoon(pause = RETRY) {
    clearTimeout(this.readTimer);
    if (this.stopped) return;
    this.readTimer = setTimeout(() => this.#readSessions().catch(() => this.#readSoon()), pause);
  }

  /** Reads page after page, and removes sessions that are in none. Returns false if another read has begun meanwhile. */
  async #readPages(query, archived, first) {
    const seen = new Set();
    const reading = this.reading;
    let page = first ?? await this.api.get(`/api/sessions?${query}limit=${PAGE}`);
    const { seq } = page;
    for (;;) {
      if (reading !== this.reading) return false;
      if (page !== first) this.#take(page);
      for (const session of page.sessions) seen.add(session.id);
      if (!page.nextCursor) break;
      page = await this.api.get(`/api/sessions?${query}limit=${PAGE}&cursor=${encodeURIComponent(page.nextCursor)}`);
    }
    this.store.sessions.dropUnseen(seen, seq, archived);
    return true;
  }

  #take(page) {
    for (const session of page.sessions) this.store.sessions.put(session, page.seq);
    this.store.note("sessions");
  }

  async #readChanges() {
    try {
      const changes = await this.visit.read(this.api, this.epoch, this.seq);
      for (const delta of changes) this.store.touched.add(delta.id);
      this.store.changes = [...this.store.changes, ...changes].slice(0, MOST_CHANGES);
      this.store.visit = this.visit;
      this.store.note("changes", "sessions");
    } catch {
      // Earlier changes are only a convenience; new ones come through the feed.
    }
  }

  #heard(message) {
    switch (message.type) {
      // Only after its gap is known: until then this feed's positions are compared with those of the old epoch.
      case "hello": return void (this.nextEpoch = message.epoch);
      case "gap": return this.#reload(message);
      case "session_update": return message.delta.forEach((delta) => this.#apply(delta));
    }
  }

  #apply(delta) {
    // A delta that comes twice is used once.
    if (delta.seq <= this.seq) return;
    this.seq = delta.seq;
    this.store.sessions.apply(delta);
    this.store.changes = [delta, ...this.store.changes].slice(0, MOST_CHANGES);
    if (document.visibilityState !== "visible") this.store.touched.add(delta.id);
    this.store.tell("delta", delta);
    this.store.note("sessions", "changes");
    this.refreshInbox();
  }

  #reload({ from, to }) {
    this.store.gap = { missed: Math.max(1, to - from + 1), at: Date.now() };
    this.store.complete = this.store.archivedComplete = this.archivedAsked = false;
    // Live data is newer than anything that is read meanwhile.
    this.seq = to;
    this.epoch = this.nextEpoch;
    this.#readSoon(0);
    this.refreshInbox();
    this.store.note("connection");
  }

  #turned(state) {
    const { kind, since } = this.store.connection;
    if (state.kind === "live") this.store.connection = state;
    else this.store.connection = { ...state, since: since ?? (kind === "live" ? Date.now() : undefined), why: this.store.connection.why };
    if (state.kind === "live" && kind !== "live") {
      this.refreshInbox();
      this.refreshStatus();
    }
    this.store.note("connection");
  }

  /** A WebSocket that fails does not say why, but the answer to a request does. */
  async #askWhy() {
    try {
      await this.api.get("/api/status", { patient: false });
    } catch (error) {
      if (this.store.connection.kind === "live") return;
      this.store.connection = { ...this.store.connection, why: error };
      this.store.note("connection");
    }
  }

  /** The visit ends when the page is hidden or left, whichever comes first: the user has not seen later changes. */
  #noteVisit(event) {
    const isVisible = event.type !== "pagehide" && document.visibilityState === "visible";
    if (this.wasVisible && !isVisible) this.visit.note(this.epoch, this.seq);
    this.wasVisible = isVisible;
  }
}
