// SPDX-License-Identifier: Apache-2.0
// One session: what waits, the conversation as it continues, its changes and its history.

import { activityElement } from "./activity.js";
import { sessionPath } from "./api.js";
import { act, showCards } from "./card.js";
import { counts, showPatch } from "./diff-view.js";
import { copy, fill, h, icon, keyed, renew, set, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { go, newLink, sessionLink } from "./router.js";
import { newestPatch, newestPlan, pullRequestName, summary, text, webAddress } from "./session.js";
import { webLink } from "./text.js";
import { moment, timeElement } from "./time.js";
import { say } from "./toast.js";
import { changeTone, changeWords, shownWords } from "./words.js";
import { Writer } from "./writer.js";

const PAGE = 200;
const HISTORY = 500;
const TABS = [["", "Activity"], ["changes", "Changes"], ["history", "History"]];

export class SessionView {
  constructor(app) {
    this.app = app;
    this.element = h("div.session");
    this.keys = [
      { keys: ["a"], text: "Approve the plan", run: () => act(this.#card, "approve") },
      { keys: ["r"], text: "Write to Jules", run: () => this.#write() },
      { keys: ["e"], text: "Acknowledge", run: () => act(this.#card, "acknowledge") },
      { keys: ["1", "2", "3"], text: "Activity, changes, history", run: (key) => go(sessionLink(this.id, TABS[key - 1][0])) },
      { keys: ["p"], text: "Open the pull request", run: () => this.pullRequest.querySelector("a")?.click() },
      { keys: ["Escape"], text: "Close the session", run: () => this.close() },
    ];
    const { store } = app;
    store.on("inbox", () => this.#drawItem());
    store.on("delta", (delta) => delta.id === this.id && this.#changed(delta));
  }

  get title() { return this.row?.title ?? "Session"; }

  get #card() { return this.waiting?.firstElementChild; }

  focus() { this.heading?.focus({ preventScroll: true }); }

  close() { go(this.app.lastList); }

  /** Shows a session and follows it until another one, or none, is shown. */
  show({ id, tab }) {
    if (id !== this.id) {
      this.hide();
      this.id = id;
      this.#build();
      this.#load();
    }
    this.#selectTab(TABS.some(([name]) => name === tab) ? tab : "");
  }

  hide() {
    this.feed?.stop();
    this.feed = this.id = this.session = this.row = null;
    for (const link of this.element.querySelectorAll("img[src^='blob:'], video[src^='blob:']")) URL.revokeObjectURL(link.src);
    fill(this.element);
  }

  #build() {
    this.activities = new Map();
    this.shownPatch = this.history = null;
    this.complete = false;
    this.heading = h("h1", { tabindex: "-1", dir: "auto" }, this.app.store.sessions.get(this.id)?.title ?? "Session");
    this.chip = h("span.chip");
    this.facts = h("p.facts");
    this.pullRequest = h("span");
    this.buttons = h("div.buttons");
    this.waiting = h("div.waiting");
    this.tabs = h("nav.tabs", { "aria-label": "Parts of the session" },
      TABS.map(([name, label]) => h("a", { href: sessionLink(this.id, name), "data-tab": name }, label)));
    this.timeline = h("ol.timeline", { "aria-label": "Activity" });
    this.newer = h("button.newer", { hidden: true, onclick: () => this.#toEnd() }, "New activity ↓");
    this.patch = h("div.patch");
    this.deltas = h("ol.changes.history");
    this.panels = [h("div.activity", this.timeline, this.#composer()), this.patch, this.deltas];
    this.scroller = h("div.session-scroll", { onscroll: () => this.#isAtEnd() && (this.newer.hidden = true) },
      h("div.session-head",
        h("div.session-top", this.chip, this.pullRequest, h("span.spacer"), this.buttons,
          h("button.icon-button", { "aria-label": "Close the session", title: "Close (Esc)", onclick: () => this.close() }, icon("cross"))),
        this.heading, this.facts),
      this.waiting, this.tabs, this.panels);
    fill(this.element, this.scroller, this.newer);
    this.#drawItem();
  }

  async #load() {
    const { id } = this;
    this.#follow(id);
    try {
      const session = await this.app.api.get(sessionPath(id));
      if (id !== this.id) return;
      this.#take(session);
      await this.#readActivities(id);
    } catch (error) {
      if (id !== this.id || !error.text) return;
      if (!this.session) {
        fill(this.element, h("div.empty", icon("search"), h("h2", error.status === 404 ? "There is no such session" : "The session cannot be shown"),
          h("p", { role: "alert" }, error.text), h("p", h("a.button", { href: this.app.lastList }, "Back"))));
      } else {
        this.timeline.append(h("li.event.bad", icon("cross"), `The activities cannot be read: ${error.text}`));
      }
    }
  }

  /** Activities come over a connection of their own, so that the feed of all sessions is not interrupted. */
  #follow(id) {
    let wasLive = false;
    this.feed = new Feed({
      token: this.app.api.token,
      query: () => new URLSearchParams({ activities: "1", session: id }),
      heard: (message) => message.type === "activities" && message.sessionId === id && this.#add(message.activities),
      turned: ({ kind }) => {
        if (kind !== "live") return;
        // What came while the connection was down has to be read.
        if (wasLive) this.#readActivities(id).catch(() => {});
        wasLive = true;
      },
    });
    this.feed.start();
  }

  async #readActivities(id) {
    let after = [...this.activities.keys()].pop();
    for (;;) {
      const query = `limit=${PAGE}${after ? `&after=${encodeURIComponent(after)}` : ""}`;
      const page = await this.app.api.get(sessionPath(id, `/activities?${query}`));
      if (id !== this.id) return;
      this.#add(page.activities);
      if (!page.nextCursor || page.activities.length < PAGE) break;
      after = page.nextCursor;
    }
    this.complete = true;
    this.#add([]);
  }

  #take(session) {
    this.session = session;
    const row = this.row = summary(session, 0);
    setText(this.heading, row.title);
    const working = text(session.sourceContext?.workingBranch);
    const page = webAddress(session.url);
    // If buttons were made again under the pointer, the click would be lost.
    renew(this.facts, [row.id, row.repo, row.branch, working, page, row.created], () => [
      h("span", h("bdi", row.repo || "No repository"), row.branch && [" on ", h("bdi", row.branch)], working && [" → ", h("bdi", working)]),
      h("span", "created ", timeElement(row.created)),
      page && h("span", webLink(page, "Open in Jules")),
      h("button.link", { title: "Copy the id", onclick: () => copy(row.id).then(() => say("Id copied"), (error) => say(error.message, { trouble: true })) }, row.id)]);
    const request = row.pullRequest;
    renew(this.pullRequest, request, () => request && webLink(request, [icon("branch"), pullRequestName(request)], { class: "button" }));
    const { actions } = this.app;
    renew(this.buttons, [row.id, row.archived], () => [
      h("a.button.quiet", { href: newLink(row.id), title: "A new session with the same prompt" }, "Again"),
      h("button.quiet", { onclick: () => (row.archived ? actions.unarchive([row.id]) : actions.archiveCarefully([row.id])) }, row.archived ? "Unarchive" : "Archive"),
      h("button.quiet.danger", { onclick: async () => (await actions.delete([row.id])) && this.close() }, "Delete")]);
    this.#drawItem();
    this.#drawTimeline();
    this.#drawPatch();
  }

  #changed(delta) {
    if (delta.after) this.#take(delta.after);
    else {
      say("This session was deleted");
      this.close();
    }
    if (this.history) {
      this.history.unshift(delta);
      this.#drawHistory();
    }
  }

  #drawItem() {
    if (!this.id || !this.chip) return;
    const item = this.app.store.inbox.get(this.id);
    const row = this.row ?? this.app.store.sessions.get(this.id);
    if (row) {
      const { label, tone } = shownWords(row, item);
      setText(this.chip, row.archived ? `${label}, archived` : label);
      this.chip.className = `chip ${tone}`;
    }
    // The time line shows more of the plan than its titles.
    const plan = item?.planId && newestPlan([...this.activities.values()]);
    const whole = plan && plan.id === item.planId ? { ...item, planSteps: plan.steps } : item;
    showCards(this.waiting, item ? [whole] : [], this.app, { whole: true });
  }

  #add(activities) {
    let fresh = 0;
    for (const activity of activities) {
      const id = text(activity.id) || text(activity.name) || JSON.stringify(activity);
      if (this.activities.has(id)) continue;
      this.activities.set(id, activity);
      fresh += 1;
    }
    const follows = this.#isAtEnd();
    this.#drawTimeline();
    if (fresh > 0) {
      this.#drawPatch();
      this.#drawItem();
      // The first read shows the beginning. From then on the view follows the end.
      if (this.complete && follows) this.#toEnd();
      else if (this.complete && this.tab === "") this.newer.hidden = false;
    }
  }

  #drawTimeline() {
    const prompt = text(this.session?.prompt);
    const first = prompt ? [{ id: "prompt", createTime: this.session.createTime, userMessaged: { userMessage: prompt } }] : [];
    const ordered = [...first, ...[...this.activities.values()].sort((a, b) => moment(a.createTime) - moment(b.createTime))];
    const shown = ordered.filter((activity) => (activity.element ??= activityElement(activity) ?? false));
    keyed(this.timeline, shown, (activity) => activity.id ?? activity.name, (activity) => activity.element);
  }

  #isAtEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return scrollTop + clientHeight > scrollHeight - 80;
  }

  #toEnd() {
    this.newer.hidden = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: calm ? "auto" : "smooth" });
  }

  #composer() {
    const { id } = this;
    const writer = new Writer(`message.${id}`, (message) => this.app.actions.message(id, message), { label: "Message to Jules" });
    this.message = writer.area;
    return h("form.composer", { onsubmit: writer.submit }, writer.area, h("button", { type: "submit", title: "Ctrl+Enter" }, "Send"));
  }

  #write() {
    if (this.#card && act(this.#card, "reply")) return;
    go(sessionLink(this.id));
    this.message.focus();
  }

  #selectTab(tab) {
    this.tab = tab;
    [...this.tabs.children].forEach((link, index) => {
      const isSelected = link.dataset.tab === tab;
      set(link, { "aria-current": isSelected ? "true" : null });
      this.panels[index].hidden = !isSelected;
    });
    if (tab === "changes") this.#drawPatch();
    if (tab === "history" && !this.history) this.#readHistory();
  }

  /** Draws the newest patch only when it is shown. */
  async #drawPatch() {
    if (this.tab !== "changes") return;
    const found = newestPatch(this.session, [...this.activities.values()]);
    if (found?.patch === this.shownPatch && this.patch.hasChildNodes()) return;
    this.shownPatch = found?.patch;
    if (!found) {
      fill(this.patch, h("p.quiet", "No changes so far."));
      return;
    }
    const { added, removed } = await showPatch(this.patch, found);
    fill(this.tabs.children[1], "Changes ", counts(added, removed));
  }

  async #readHistory() {
    const { id } = this;
    this.history = [];
    fill(this.deltas, h("li.quiet", "Reading…"));
    try {
      const changes = [];
      let since = 0;
      for (;;) {
        const page = await this.app.api.get(`/api/deltas?since=${since}&session=${encodeURIComponent(id)}&limit=${HISTORY}`);
        changes.push(...page.deltas);
        if (page.nextSince >= page.seq || page.nextSince <= since) break;
        since = page.nextSince;
      }
      if (id !== this.id) return;
      this.history = changes.reverse();
      this.#drawHistory();
    } catch (error) {
      this.history = null;
      if (id === this.id && error.text) fill(this.deltas, h("li.trouble", error.text));
    }
  }

  #drawHistory() {
    if (!this.history.length) {
      fill(this.deltas, h("li.quiet", "No change of this session is kept. What was there when julesd first read the account is not a change."));
      return;
    }
    fill(this.deltas, this.history.map((delta) => h("li", h(`span.mark.${changeTone(delta)}`, { "aria-hidden": "true" }),
      h("div", changeWords(delta), h("span.quiet", ` Change ${delta.seq}`)), timeElement(moment(delta.timestamp)))));
  }
}
