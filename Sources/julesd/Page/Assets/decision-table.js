// SPDX-License-Identifier: Apache-2.0
// What rules have done, and what they are about to do.

import { fill, h, renew, table } from "./dom.js";
import { say } from "./toast.js";
import { moment, timeElement } from "./time.js";

const SHOWN = 50;
const TONES = { waiting: "waits", done: "good", failed: "bad" };

export class DecisionTable {
  constructor(app) {
    this.app = app;
    this.rows = h("div.table");
    this.element = h("section", h("div.view-head", h("h2", "Rules")), this.rows);
  }

  async read() {
    try {
      const { decisions } = await this.app.api.get(`/api/decisions?limit=${SHOWN}`, { patient: false });
      this.#draw(decisions);
    } catch (error) {
      if (error.text && error.status !== 429) fill(this.rows, h("p.trouble", error.text));
    }
  }

  #draw(decisions) {
    renew(this.rows, decisions, () => (decisions.length === 0
      ? h("p.quiet", "No rule has decided anything. RULES_DIR names their folder.")
      : table(["State", "Rule", "Action", "Session", "On", "Due", "Detail", "Cancel"],
        decisions.map(({ id, state, rule, action, sessionId, reason, dueAt, detail }) => h("tr",
          h("td", h(`span.chip.${TONES[state] ?? "quiet"}`, state)), h("td", h("bdi", rule)), h("td", action),
          h("td", h("a", { href: `#/session/${encodeURIComponent(sessionId)}` }, sessionId)), h("td", reason),
          h("td", timeElement(moment(dueAt))), h("td", { dir: "auto" }, detail ?? ""),
          h("td", state === "waiting" && h("button", { "data-key": id, onclick: () => this.#cancel(id) }, "Cancel")))))));
  }

  async #cancel(id) {
    try {
      await this.app.api.post(`/api/decisions/${encodeURIComponent(id)}/cancel`);
      say("Cancelled: nothing will be done");
    } catch (error) {
      say(`Not cancelled: ${error.text}`, { trouble: true });
    }
    this.read();
  }
}
