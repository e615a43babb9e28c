// SPDX-License-Identifier: Apache-2.0
// What waits until the account has room, and how much room there is.

import { fill, h, meter, renew, table } from "./dom.js";
import { say } from "./toast.js";
import { moment, timeElement } from "./time.js";

const TONES = { waiting: "waits", started: "good", failed: "bad" };

export class QueueTable {
  constructor(app) {
    this.app = app;
    this.quota = h("p.quiet");
    this.rows = h("div.table");
    this.element = h("section", h("div.view-head", h("h2", "Queue")), this.quota, this.rows);
  }

  async read() {
    try {
      const [queue, quota] = await Promise.all(["queue", "quota"].map((name) => this.app.api.get(`/api/${name}`, { patient: false })));
      this.#draw(queue, quota);
    } catch (error) {
      if (error.text && error.status !== 429) fill(this.rows, h("p.trouble", error.text));
    }
  }

  #draw({ entries, held }, { perDay, atOnce }) {
    renew(this.quota, [perDay, atOnce, held], () => [
      bar("Tasks in 24 hours", perDay), " ", bar("at once", atOnce),
      perDay.nextFree && [" Next free place ", timeElement(moment(perDay.nextFree)), "."], held && [" Held until ", timeElement(moment(held.until)), ": ", held.reason]]);
    renew(this.rows, entries, () => (entries.length === 0
      ? h("p.quiet", "Nothing is queued.")
      : table(["State", "Task", "Repository", "Priority", "Earliest", "Detail", "Change"],
        entries.map(this.#row, this))));
  }

  #row({ id, state, title, repo, priority, earliest, detail, sessionId }) {
    const move = (label, to) => h("button", { "data-key": `${id}${label}`, onclick: () => this.#change("patch", id, { priority: to }) }, label);
    return h("tr",
      h("td", h(`span.chip.${TONES[state] ?? "quiet"}`, state)),
      h("td", { dir: "auto" }, sessionId ? h("a", { href: `#/session/${encodeURIComponent(sessionId)}` }, title ?? id) : title ?? id),
      h("td", h("bdi", repo ?? "")), h("td", priority), h("td", earliest && timeElement(moment(earliest))), h("td", { dir: "auto" }, detail ?? ""),
      h("td", state === "waiting" && [move("Sooner", priority + 10), move("Later", priority - 10), h("button", { "data-key": id, onclick: () => this.#change("delete", id) }, "Cancel")]));
  }

  async #change(method, id, body) {
    try {
      await this.app.api[method](`/api/queue/${encodeURIComponent(id)}`, body);
    } catch (error) {
      say(`Not changed: ${error.text}`, { trouble: true });
    }
    this.read();
  }
}

/** `used` of `limit`, as a bar if there is a limit. */
function bar(label, { limit, used }) {
  return limit ? [`${label}: ${used} of ${limit} `, meter(label, used, limit)] : `${label}: ${used}`;
}
