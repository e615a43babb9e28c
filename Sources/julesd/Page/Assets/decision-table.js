// SPDX-License-Identifier: Apache-2.0
// What rules did, and what they will do.

import { h } from "./dom.js";
import { LiveTable, chip } from "./live-table.js";
import { moment, timeElement } from "./time.js";

const TONES = { waiting: "waits", done: "good", failed: "bad" };

export class DecisionTable extends LiveTable {
  paths = ["/api/decisions?limit=50"];

  constructor(app) { super(app, "Rules"); }

  draw({ decisions }) {
    this.list(decisions, "No rule has decided anything. RULES_DIR names their folder.",
      ["State", "Rule", "Action", "Session", "On", "Due", "Detail", "Cancel"],
      ({ id, state, rule, action, sessionId, reason, dueAt, detail }) => h("tr",
        h("td", chip(state, TONES)), h("td", h("bdi", rule)), h("td", action),
        h("td", h("a", { href: `#/session/${encodeURIComponent(sessionId)}` }, sessionId)), h("td", reason),
        h("td", timeElement(moment(dueAt))), h("td", { dir: "auto" }, detail ?? ""),
        h("td", state === "waiting" && h("button", { "data-key": id, onclick: () => this.change("post", `/api/decisions/${encodeURIComponent(id)}/cancel`) }, "Cancel"))));
  }
}
