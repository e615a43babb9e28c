// SPDX-License-Identifier: Apache-2.0
// All sessions: filters, which are in the address, and rows that can be selected.

import { fill, h, icon, renew, setText } from "./dom.js";
import { go, sessionLink, sessionsLink } from "./router.js";
import { Rows } from "./rows.js";
import { pullRequestName } from "./session.js";
import { webLink } from "./text.js";
import { setTime } from "./time.js";
import { count, shownWords, STATE_ORDER, stateWords } from "./words.js";

const NARROW = 44; // rem

export class SessionsView {
  constructor(app) {
    this.app = app;
    this.filters = {};
    this.selected = new Set();
    this.rows = new Rows({
      label: "Sessions",
      create: (row) => this.#create(row),
      update: (node, row) => this.#update(node, row),
      height: (width) => {
        const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
        const isNarrow = width < NARROW * rem;
        this.rows?.element.classList.toggle("narrow", isNarrow);
        return Math.round((isNarrow ? 3.9 : 2.6) * rem);
      },
    });
    this.#build();
    this.keys = [
      { keys: ["j", "ArrowDown"], text: "Next", run: () => this.#move(1) },
      { keys: ["k", "ArrowUp"], text: "Previous", run: () => this.#move(-1) },
      { keys: ["PageDown"], text: "A page on", run: () => this.#move(this.rows.page) },
      { keys: ["PageUp"], text: "A page back", run: () => this.#move(-this.rows.page) },
      { keys: ["Home"], text: "First", run: () => this.rows.select(0) },
      { keys: ["End"], text: "Last", run: () => this.rows.select(Infinity) },
      { keys: ["Enter", "o"], text: "Open the session", run: () => this.rows.current && go(sessionLink(this.rows.current)) },
      { keys: ["x", " "], text: "Select", run: () => this.#toggle(this.rows.current) },
      { keys: ["/"], text: "Search", run: () => this.search.select() },
      { keys: ["e"], text: "Acknowledge the selected", run: () => this.#act("acknowledgeAll") },
      { keys: ["Escape"], text: "Select none", run: () => this.#select([]) },
    ];
    for (const topic of ["sessions", "inbox", "changes"]) app.store.on(topic, () => this.#draw());
  }

  get title() { return "Sessions"; }

  focus() { this.rows.element.focus({ preventScroll: true }); }

  /** Shows what the address asks for. */
  show({ query }) {
    const names = ["state", "repo", "q", "archived", "attention", "changed"];
    this.filters = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
    if (document.activeElement !== this.search) this.search.value = this.filters.q;
    this.archived.value = this.filters.archived || "0";
    this.#draw();
  }

  /** Marks the row of the session that is shown beside the list. */
  mark(id) {
    this.shownId = id;
    if (id) this.rows.current = id;
    this.rows.draw();
  }

  #build() {
    this.heading = h("h1", { tabindex: "-1" }, "Sessions");
    this.lead = h("p.lead", { role: "status" });
    this.search = h("input", {
      type: "search", placeholder: "Title, prompt or id", "aria-label": "Search", spellcheck: "false",
      oninput: () => this.#filter({ q: this.search.value.trim() }),
      onkeydown: (event) => {
        if (event.key === "Enter" || event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          this.focus();
          if (this.rows.index < 0) this.rows.select(0);
        }
      },
    });
    this.repository = h("select", { "aria-label": "Repository", onchange: () => this.#filter({ repo: this.repository.value }) });
    this.archived = h("select", { "aria-label": "Archive", onchange: () => this.#filter({ archived: this.archived.value === "0" ? "" : this.archived.value }) },
      h("option", { value: "0" }, "Not archived"), h("option", { value: "1" }, "Archived"), h("option", { value: "all" }, "All"));
    this.chips = h("div.filters", { role: "group", "aria-label": "State" });
    this.none = h("div.empty", { hidden: true }, icon("search"), h("h2", "No session fits"),
      h("p", h("a.button", { href: sessionsLink() }, "Show all")));
    this.bulk = h("div.bulk", { role: "region", "aria-label": "Selected sessions", hidden: true });
    this.element = h("div.sessions",
      h("div.view-head", this.heading, this.lead),
      h("div.toolbar", this.search, this.repository, this.archived), this.chips, this.rows.element, this.none, this.bulk);
  }

  #filter(changes) {
    const { filters } = this;
    go(sessionsLink({ ...filters, ...changes }), { replace: true });
  }

  #draw() {
    if (!this.element.isConnected) return;
    const { store } = this.app;
    const { state, repo, q, archived, attention, changed } = this.filters;
    if (archived) this.app.live.readArchived();
    const words = q.toLowerCase();
    const states = state ? new Set(state.split(",")) : null;
    const wanted = repo.toLowerCase();
    const waiting = new Map(store.inbox.items.map((item) => [item.sessionId, item]));
    this.waiting = waiting;
    const base = store.sessions.ordered.filter((row) => (archived === "all" || row.archived === (archived === "1"))
      && (!wanted || row.repo.toLowerCase() === wanted) && (!words || row.search.includes(words)));
    const shown = base.filter((row) => (!states || states.has(row.state)) && (!attention || waiting.has(row.id))
      && (!changed || store.touched.has(row.id)));
    this.#drawChips(base);
    this.#drawRepositories();
    for (const id of this.selected) if (!store.sessions.get(id)) this.selected.delete(id);
    this.shown = shown;
    this.rows.show(shown);
    this.none.hidden = shown.length > 0 || !store.complete;
    this.rows.element.hidden = !this.none.hidden;
    const today = store.status ? `, ${count(store.status.created24h, "task")} created in the last 24 h` : "";
    setText(this.lead, `${count(shown.length, "session")}${store.complete ? "" : " so far"}${today}`);
    this.#drawBulk();
  }

  #drawChips(base) {
    const { touched } = this.app.store;
    const { state, attention, changed } = this.filters;
    const numbers = countBy(base, (row) => row.state);
    const none = { state: "", attention: "", changed: "" };
    const chips = [
      { label: "All", number: base.length, active: !state && !attention && !changed, to: none },
      { label: "Needs you", tone: "waits", number: base.filter((row) => this.waiting.has(row.id)).length, active: attention, to: { attention: "1" } },
      { label: "Changed since", number: base.filter((row) => touched.has(row.id)).length, active: changed, to: { changed: "1" } },
      ...[...numbers.keys()].sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1)).map((name) => (
        { ...stateWords(name), number: numbers.get(name), active: state.split(",").includes(name), to: { state: name } })),
    ].filter((chip) => chip.number || chip.active || chip.to === none);
    renew(this.chips, [chips, this.filters], () => chips.map(({ label, number, tone, active, to }) => h("a.filter", {
      href: sessionsLink({ ...this.filters, ...none, ...(active ? {} : to) }), "data-key": label, "aria-current": active ? "true" : null,
    }, tone && h(`span.mark.${tone}`), label, h("span.number", number.toLocaleString()))));
  }

  #drawRepositories() {
    // An open list must not change under the pointer.
    if (document.activeElement === this.repository) return;
    const numbers = countBy(this.app.store.sessions.ordered.filter((row) => row.repo && !row.archived), (row) => row.repo);
    const wanted = this.filters.repo.toLowerCase();
    const names = [...numbers.keys()].sort((a, b) => a.localeCompare(b));
    const chosen = names.find((name) => name.toLowerCase() === wanted) ?? this.filters.repo;
    if (chosen && !numbers.has(chosen)) names.unshift(chosen);
    renew(this.repository, names.map((name) => [name, numbers.get(name)]), () => [h("option", { value: "" }, "All repositories"),
      names.map((name) => h("option", { value: name }, `${name} (${numbers.get(name) ?? 0})`))]);
    this.repository.value = chosen;
  }

  #create({ id }) {
    const box = h("input", {
      type: "checkbox", tabindex: "-1", "aria-label": "Select",
      onclick: (event) => { event.stopPropagation(); this.#toggle(id, event.shiftKey); },
    });
    const node = h("div.row", {
      role: "row",
      onclick: (event) => {
        if (event.target.closest("a, input, label")) return;
        this.rows.select(this.rows.items.findIndex((item) => item.id === id));
        go(sessionLink(id));
      },
    },
    h("div.cell.select", { role: "gridcell" }, h("label", box)),
    h("div.cell.state", { role: "gridcell" }, h("span.chip")),
    h("div.cell.title", { role: "gridcell" }, h("span.touched", { title: "Changed since your last visit", hidden: true }, h("span.offscreen", "Changed: ")),
      h("a", { href: sessionLink(id), tabindex: "-1", dir: "auto" })),
    h("div.cell.repo", { role: "gridcell" }, h("bdi")),
    h("div.cell.request", { role: "gridcell" }),
    h("div.cell.when", { role: "gridcell" }, h("time")));
    node.parts = {
      box, chip: node.querySelector(".chip"), link: node.querySelector("a"), repo: node.querySelector("bdi"),
      request: node.querySelector(".request"), time: node.querySelector("time"), touched: node.querySelector(".touched"),
    };
    return node;
  }

  #update(node, row) {
    const { box, chip, link, repo, request, time, touched } = node.parts;
    const { label, tone } = shownWords(row, this.waiting?.get(row.id));
    const isSelected = this.selected.has(row.id);
    if (node.ariaSelected !== String(isSelected)) node.ariaSelected = String(isSelected);
    box.checked = isSelected;
    node.classList.toggle("shown", row.id === this.shownId);
    node.classList.toggle("archived", row.archived);
    touched.hidden = !this.app.store.touched.has(row.id);
    if (node.row === row && node.label === label) return;
    node.row = row;
    node.label = label;
    setText(chip, label);
    chip.className = `chip ${tone}`;
    setText(link, row.title);
    setText(repo, row.repo || "No repository");
    setTime(time, row.created);
    if (request.dataset.url !== (row.pullRequest ?? "")) {
      request.dataset.url = row.pullRequest ?? "";
      fill(request, row.pullRequest && webLink(row.pullRequest, pullRequestName(row.pullRequest), { tabindex: "-1" }));
    }
  }

  #move(step) {
    this.rows.select(this.rows.index < 0 ? 0 : this.rows.index + step);
    if (!this.rows.element.contains(document.activeElement)) this.focus();
  }

  #toggle(id, range = false) {
    if (!id) return;
    const on = !this.selected.has(id);
    const from = range ? this.shown.findIndex((row) => row.id === this.lastToggled) : -1;
    const to = this.shown.findIndex((row) => row.id === id);
    const rows = from < 0 ? [{ id }] : this.shown.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const row of rows) {
      if (on) this.selected.add(row.id);
      else this.selected.delete(row.id);
    }
    this.lastToggled = id;
    this.rows.draw();
    this.#drawBulk();
  }

  #select(rows) {
    this.selected = new Set(rows.map((row) => row.id));
    this.rows.draw();
    this.#drawBulk();
  }

  async #act(name) {
    const ids = [...this.selected];
    if (ids.length && await this.app.actions[name](ids)) this.#select([]);
  }

  #drawBulk() {
    const number = this.selected.size;
    this.bulk.hidden = number === 0;
    const all = this.shown?.length ?? 0;
    const rows = [...this.selected].map((id) => this.app.store.sessions.get(id)).filter(Boolean);
    const waiting = rows.filter((row) => this.waiting?.has(row.id)).length;
    const archived = rows.filter((row) => row.archived).length;
    const button = (label, action, spec = "button") => h(spec, { "data-key": action, onclick: () => this.#act(action) }, label);
    renew(this.bulk, [number, all, waiting, archived], () => [
      h("strong", { role: "status" }, `${number.toLocaleString()} selected`),
      number < all && h("button.link", { onclick: () => this.#select(this.shown) }, `Select all ${all.toLocaleString()}`),
      h("button.link", { onclick: () => this.#select([]) }, "Select none"),
      h("span.spacer"),
      waiting > 0 && button("Acknowledge", "acknowledgeAll"),
      archived < number && button("Archive", "archiveCarefully"),
      archived > 0 && button("Unarchive", "unarchive"),
      button("Delete", "delete", "button.danger")]);
  }
}

function countBy(rows, keyOf) {
  const numbers = new Map();
  for (const row of rows) numbers.set(keyOf(row), (numbers.get(keyOf(row)) ?? 0) + 1);
  return numbers;
}

function order(state) {
  const place = STATE_ORDER.indexOf(state);
  return place < 0 ? STATE_ORDER.length : place;
}
