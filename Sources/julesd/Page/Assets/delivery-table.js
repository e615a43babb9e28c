// SPDX-License-Identifier: Apache-2.0
// Webhook deliveries: accepted, pending and dead ones.

import { h } from "./dom.js";
import { LiveTable, chip } from "./live-table.js";
import { say } from "./toast.js";
import { moment, timeElement } from "./time.js";
import { count } from "./words.js";

const TONES = { pending: "waits", delivered: "good", dead: "bad" };

export class DeliveryTable extends LiveTable {
  constructor(app) {
    const filter = h("select", { "aria-label": "Deliveries", onchange: () => this.read() },
      ["All", "Pending", "Dead", "Delivered"].map((label, index) => h("option", { value: index ? label.toLowerCase() : "" }, label)));
    const retryAll = h("button", { hidden: true, onclick: () => this.#retry(this.dead) }, "Retry all dead");
    super(app, "Webhook deliveries", retryAll, filter);
    Object.assign(this, { filter, retryAll });
  }

  get paths() {
    const { value } = this.filter;
    return [`/api/deliveries?limit=50${value && `&state=${value}`}`];
  }

  draw({ deliveries }) {
    this.dead = deliveries.filter(({ state }) => state === "dead").map(({ id }) => id);
    this.retryAll.hidden = this.dead.length === 0;
    this.list(deliveries, this.filter.value ? "There are none." : "No deliveries. NOTIFY_WEBHOOK names where changes are posted.",
      ["State", "Endpoint", "Attempts", "Last answer", "Next attempt", "Created", "Retry"],
      ({ id, state, endpoint, attempts, lastError, lastStatus, nextAttemptAt, createdAt }) => h("tr",
        h("td", chip(state, TONES)), h("td", h("bdi", endpoint)), h("td", attempts), h("td", { dir: "auto" }, lastError ?? lastStatus ?? ""),
        h("td", nextAttemptAt && timeElement(moment(nextAttemptAt))), h("td", timeElement(moment(createdAt))),
        h("td", state !== "delivered" && h("button", { "data-key": id, onclick: () => this.#retry([id]) }, "Retry"))));
  }

  async #retry(ids) {
    let failed = null;
    for (const id of ids) {
      try {
        await this.app.api.post(`/api/deliveries/${encodeURIComponent(id)}/retry`);
      } catch (error) {
        failed = error;
        if (error.status === 429) break;
      }
    }
    if (failed) say(`Not retried: ${failed.text}`, { trouble: true });
    else say(`${count(ids.length, "delivery", "deliveries")} will be tried again now`);
    this.read();
  }
}
