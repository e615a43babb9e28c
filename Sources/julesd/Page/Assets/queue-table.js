// SPDX-License-Identifier: Apache-2.0
// Tasks that wait until the account has room, and how much room there is.

import { h, meter, renew } from "./dom.js";
import { LiveTable, chip } from "./live-table.js";
import { moment, timeElement } from "./time.js";

const TONES = { waiting: "waits", started: "good", failed: "bad" };

export class QueueTable extends LiveTable {
  paths = ["/api/queue", "/api/quota"];

  constructor(app) {
    super(app, "Queue");
    this.quota = h("p.quiet");
    this.rows.before(this.quota);
  }

  draw({ entries, held }, { perDay, atOnce }) {
    renew(this.quota, [perDay, atOnce, held], () => [
      use("Tasks in 24 hours", perDay), ", ", use("at once", atOnce), ".",
      perDay.nextFree && [" Next free place ", timeElement(moment(perDay.nextFree)), "."],
      held && [" Held until ", timeElement(moment(held.until)), ": ", held.reason],
      perDay.limit > 0 && meter("Tasks in 24 hours", perDay.used, perDay.limit), atOnce.limit > 0 && meter("Tasks at once", atOnce.used, atOnce.limit)]);
    this.list(entries, "Nothing is queued.", ["State", "Task", "Repository", "Priority", "Earliest", "Detail", "Change"],
      ({ id, state, title, repo, priority, earliest, detail, sessionId }) => {
        const button = (label, method, body) => h("button", { "data-key": id + label, onclick: () => this.change(method, `/api/queue/${id}`, body) }, label);
        return h("tr",
          h("td", chip(state, TONES)),
          h("td", { dir: "auto" }, sessionId ? h("a", { href: `#/session/${encodeURIComponent(sessionId)}` }, title ?? id) : title ?? id),
          h("td", h("bdi", repo ?? "")), h("td", priority), h("td", earliest && timeElement(moment(earliest))), h("td", { dir: "auto" }, detail ?? ""),
          h("td", state === "waiting" && [
            button("Sooner", "patch", { priority: priority + 10 }), button("Later", "patch", { priority: priority - 10 }), button("Cancel", "delete")]));
      });
  }
}

function use(label, { limit, used }) {
  return `${label}: ${used}${limit ? ` of ${limit}` : ""}`;
}
