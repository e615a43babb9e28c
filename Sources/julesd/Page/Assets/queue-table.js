// SPDX-License-Identifier: Apache-2.0
// Tasks that wait until the account has room, and how much room there is. They are moved by buttons, by keys, or by dragging a row.

import { h, meter, renew } from "./dom.js";
import { LiveTable, chip } from "./live-table.js";
import { changesToMove } from "./queue-order.js";
import { moment, timeElement } from "./time.js";
import { say } from "./toast.js";

const TONES = { waiting: "waits", started: "good", failed: "bad" };

export class QueueTable extends LiveTable {
  paths = ["/api/queue", "/api/quota"];
  waiting = [];
  /** The id of the task whose row is being dragged. */
  dragged = null;
  keys = [
    { keys: ["j"], text: "Next task of the queue", run: () => this.#go(1) },
    { keys: ["k"], text: "Previous task of the queue", run: () => this.#go(-1) },
    { keys: ["Alt+ArrowUp"], text: "One place sooner", run: () => this.#shift(-1) },
    { keys: ["Alt+ArrowDown"], text: "One place later", run: () => this.#shift(1) },
  ];

  constructor(app) {
    super(app, "Queue");
    this.quota = h("p.quiet");
    this.rows.before(this.quota);
  }

  draw({ entries, held }, { perDay, atOnce }) {
    // A row that is drawn anew would slip out of the hand that drags it.
    if (this.dragged) return;
    this.waiting = entries.filter(({ state }) => state === "waiting");
    renew(this.quota, [perDay, atOnce, held], () => [
      use("Tasks in 24 hours", perDay), ", ", use("at once", atOnce), ".",
      perDay.nextFree && [" Next free place ", timeElement(moment(perDay.nextFree)), "."],
      held && [" Held until ", timeElement(moment(held.until)), ": ", held.reason],
      perDay.limit > 0 && meter("Tasks in 24 hours", perDay.used, perDay.limit), atOnce.limit > 0 && meter("Tasks at once", atOnce.used, atOnce.limit)]);
    this.list(entries, "Nothing is queued.", ["State", "Task", "Repository", "Priority", "Earliest", "Detail", "Change"],
      ({ id, state, title, repo, priority, earliest, detail, rule, sessionId }) => {
        const button = (label, method, body) => h("button", { "data-key": id + label, onclick: () => this.change(method, `/api/queue/${id}`, body) }, label);
        return h("tr", state === "waiting" && this.#movable(id),
          h("td", chip(state, TONES)),
          h("td", { dir: "auto" }, sessionId ? h("a", { href: `#/session/${encodeURIComponent(sessionId)}` }, title ?? id) : title ?? id),
          h("td", h("bdi", repo ?? "")), h("td", priority), h("td", earliest && timeElement(moment(earliest))),
          h("td", { dir: "auto" }, rule && ["by rule ", h("bdi", rule), detail && ": "], detail),
          h("td", state === "waiting" && [
            button("Sooner", "patch", { priority: Math.min(priority + 10, 100) }), button("Later", "patch", { priority: Math.max(priority - 10, -100) }), button("Cancel", "delete")]));
      });
  }

  /** What makes a row one that is dragged, and that others are dropped on. */
  #movable(id) {
    const mark = (row, place) => { row.className = place; };
    return {
      draggable: "true", tabindex: -1, "data-key": id,
      ondragstart: (event) => {
        this.dragged = id;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", id);
      },
      ondragend: () => {
        this.dragged = null;
        this.read();
      },
      ondragover: (event) => {
        if (!this.dragged) return;
        event.preventDefault();
        mark(event.currentTarget, isAbove(event) ? "above" : "below");
      },
      ondragleave: (event) => mark(event.currentTarget, ""),
      ondrop: (event) => {
        if (!this.dragged) return;
        event.preventDefault();
        mark(event.currentTarget, "");
        const others = this.waiting.filter((task) => task.id !== this.dragged);
        const place = others.findIndex((task) => task.id === id);
        if (place >= 0) this.#move(this.dragged, place + (isAbove(event) ? 0 : 1));
      },
    };
  }

  /** The place in the queue of the task whose row, or a button of it, has the focus; -1 if none has. */
  get #place() {
    const key = document.activeElement.closest("tr")?.dataset.key;
    return this.waiting.findIndex(({ id }) => id === key);
  }

  #go(step) {
    const next = this.waiting[Math.max(0, Math.min(this.#place + step, this.waiting.length - 1))];
    if (next) this.rows.querySelector(`[data-key="${next.id}"]`)?.focus();
  }

  #shift(step) {
    const place = this.#place;
    const to = place + step;
    if (place >= 0 && to >= 0 && to < this.waiting.length) this.#move(this.waiting[place].id, to);
  }

  /** Brings a task to a place among the others that wait. */
  async #move(id, to) {
    const changes = changesToMove(this.waiting, id, to);
    if (!changes) return say("Too many other tasks would have to move along: use Sooner or Later.", { trouble: true });
    for (const change of changes) if (!await this.change("patch", `/api/queue/${change.id}`, { priority: change.priority })) break;
  }
}

/** Whether the pointer is in the upper half of the row that the event is about. */
function isAbove({ currentTarget, clientY }) {
  const { top, height } = currentTarget.getBoundingClientRect();
  return clientY < top + height / 2;
}

function use(label, { limit, used }) {
  return `${label}: ${used}${limit ? ` of ${limit}` : ""}`;
}
