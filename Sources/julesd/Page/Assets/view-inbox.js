// SPDX-License-Identifier: Apache-2.0
// The sessions that wait for a person, oldest first; beside them the recent changes.

import { act, showCards } from "./card.js";
import { h, icon, keyed, renew, setText } from "./dom.js";
import { go, sessionLink, sessionsLink } from "./router.js";
import { titleOf } from "./session.js";
import { ago, exact, moment, timeElement } from "./time.js";
import { changeTone, changeWords, count } from "./words.js";

const MOST_CHANGES = 40;

export class InboxView {
  constructor(app) {
    this.app = app;
    this.heading = h("h1", { tabindex: "-1" }, "Inbox");
    this.lead = h("p.lead");
    this.cards = h("div.cards");
    this.empty = h("div.empty", { hidden: true });
    this.since = h("h2");
    this.changes = h("ol.changes");
    this.element = h("div.inbox", h("div.inbox-main",
      h("div.view-head", this.heading, this.lead), this.cards, this.empty),
    h("aside.inbox-side", { "aria-label": "What changed" }, this.since, this.changes));
    this.keys = [
      { keys: ["j", "ArrowDown"], text: "Next", run: () => this.#move(1) },
      { keys: ["k", "ArrowUp"], text: "Previous", run: () => this.#move(-1) },
      { keys: ["Enter", "o"], text: "Open the session", run: () => this.#open() },
      { keys: ["a"], text: "Approve the plan", run: () => this.#act("approve") },
      { keys: ["r"], text: "Answer, or ask for changes", run: () => this.#act("reply") },
      { keys: ["e"], text: "Acknowledge", run: () => this.#act("acknowledge") },
    ];
    const { store } = app;
    store.on("inbox", () => this.#draw());
    store.on("changes", () => this.#drawChanges());
    store.on("sessions", () => this.#drawEmpty());
    store.on("status", () => this.#drawEmpty());
    this.#draw();
    this.#drawChanges();
  }

  get title() { return "Inbox"; }

  focus() { this.heading.focus({ preventScroll: true }); }

  #draw() {
    const { inbox } = this.app.store;
    const { items } = inbox;
    const held = this.cards.contains(document.activeElement) ? this.#index() : -1;
    showCards(this.cards, items, this.app);
    // After an item is handled, the next one becomes current.
    if (held >= 0 && !this.cards.contains(document.activeElement)) {
      (this.cards.children[Math.min(held, items.length - 1)] ?? this.heading).focus({ preventScroll: true });
    }
    this.mark(this.shownId);
    setText(this.lead, items.length ? `${count(items.length, "session waits", "sessions wait")} for you` : "");
    this.#drawEmpty();
  }

  /** Marks the card of the session that is shown beside the list. */
  mark(id) {
    this.shownId = id;
    for (const card of this.cards.children) {
      if (card.dataset.id === id) card.setAttribute("aria-current", "true");
      else card.removeAttribute("aria-current");
    }
  }

  #drawEmpty() {
    const { inbox, inboxKnown, sessions, status } = this.app.store;
    this.empty.hidden = !inboxKnown || inbox.items.length > 0;
    if (this.empty.hidden) return;
    let busy = 0;
    for (const row of sessions.ordered) if (!row.archived && ["IN_PROGRESS", "PLANNING", "QUEUED"].includes(row.state)) busy += 1;
    const lead = `${busy ? `${count(busy, "session")} at work or queued.` : "Nothing is at work."}${status ? ` ${count(status.created24h, "task")} created in the last 24 hours.` : ""}`;
    renew(this.empty, lead, () => [icon("clear"), h("h2", "Nothing waits for you"), h("p.quiet", lead),
      h("p", h("a.button", { href: "#/new" }, "New session"), h("a.button.quiet", { href: sessionsLink() }, "All sessions"))]);
  }

  #drawChanges() {
    const { changes, visit, touched } = this.app.store;
    const last = visit?.at;
    setText(this.since, "What changed");
    keyed(this.changes, changes.slice(0, MOST_CHANGES), (delta) => delta.seq, (delta) => h("li",
      h(`span.mark.${changeTone(delta)}`, { "aria-hidden": "true" }),
      h("div", h("a", { href: sessionLink(delta.id), dir: "auto" }, titleOf(delta.after ?? delta.before ?? {})), h("br"),
        h("span.quiet", changeWords(delta))),
      timeElement(moment(delta.timestamp))));
    if (!this.note) this.changes.before(this.note = h("p.quiet"));
    const parts = [];
    if (last) {
      parts.push(touched.size ? `${count(touched.size, "session")} changed since your last visit, ${ago(last)}` : `Nothing changed since your last visit, ${ago(last)}`);
      if (visit.partial) parts.push("older changes are not kept");
    }
    setText(this.note, parts.join("; "));
    this.note.title = last ? exact(last) : "";
  }

  #index() {
    const card = document.activeElement?.closest?.(".card");
    return card ? [...this.cards.children].indexOf(card) : -1;
  }

  get #card() {
    return this.cards.children[this.#index()] ?? [...this.cards.children].find((card) => card.dataset.id === this.shownId);
  }

  #move(step) {
    const all = [...this.cards.children];
    if (!all.length) return;
    const present = all.indexOf(this.#card);
    const next = all[present < 0 ? 0 : Math.max(0, Math.min(all.length - 1, present + step))];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  #open() {
    const card = this.#card;
    if (card) go(sessionLink(card.dataset.id));
  }

  #act(action) { act(this.#card ?? this.cards.firstElementChild, action); }
}
