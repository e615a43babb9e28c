// SPDX-License-Identifier: Apache-2.0
// Whether all is well: Jules, the budget, the store, clients, webhooks, rules and the queue.

import { DecisionTable } from "./decision-table.js";
import { fill, h, meter, renew, table } from "./dom.js";
import { QueueTable } from "./queue-table.js";
import { say } from "./toast.js";
import { moment, timeElement } from "./time.js";
import { count, reasonWords, size, stateWords } from "./words.js";

const EVERY = 5_000;
const DELIVERIES = 50;
const UPSTREAM = { ok: ["Jules answers", "good"], degraded: ["Jules cannot be reached", "waits"], refused: ["The API key does not work", "bad"] };
const DELIVERY_TONES = { pending: "waits", delivered: "good", dead: "bad" };

export class HealthView {
  constructor(app) {
    this.app = app;
    this.heading = h("h1", { tabindex: "-1" }, "Health");
    this.cards = h("div.facts-grid");
    this.filter = h("select", { "aria-label": "Deliveries", onchange: () => this.#readDeliveries() },
      h("option", { value: "" }, "All"), h("option", { value: "pending" }, "Pending"), h("option", { value: "dead" }, "Dead"), h("option", { value: "delivered" }, "Delivered"));
    this.retryAll = h("button", { hidden: true, onclick: () => this.#retry(this.dead) }, "Retry all dead");
    this.deliveries = h("div.table");
    this.tables = [new QueueTable(app), new DecisionTable(app)];
    this.element = h("div.page", this.heading, this.cards, this.tables.map(({ element }) => element),
      h("div.view-head", h("h2", "Webhook deliveries"), h("span.spacer"), this.retryAll, this.filter), this.deliveries);
    this.keys = [];
    app.store.on("status", () => this.#draw());
  }

  get title() { return "Health"; }

  focus() { this.heading.focus({ preventScroll: true }); }

  show() {
    const refresh = () => {
      if (document.visibilityState !== "visible") return;
      this.app.live.refreshStatus();
      this.#readDeliveries();
      for (const part of this.tables) part.read();
    };
    clearInterval(this.timer);
    this.timer = setInterval(refresh, EVERY);
    refresh();
    this.#draw();
  }

  hide() { clearInterval(this.timer); }

  #draw() {
    const { status } = this.app.store;
    if (!status || !this.element.isConnected) {
      if (!status) fill(this.cards, h("p.quiet", "Reading…"));
      return;
    }
    const { upstream, budget, clients, webhooks, store } = status;
    const [words, tone] = UPSTREAM[upstream.state] ?? [upstream.state, "quiet"];
    const numbers = (object, name) => Object.entries(object ?? {}).filter(([, value]) => value).map(([key, value]) => [name(key).label, value.toLocaleString()]);
    fill(this.cards,
      facts("Jules", h(`span.chip.${tone}`, words), [
        ["since", timeElement(moment(upstream.since))], ["last answer", timeElement(moment(upstream.lastAnswer))],
        upstream.reason && ["reason", h("span", { dir: "auto" }, upstream.reason)],
      ]),
      facts("Budget", meter("Requests left", budget.remaining, budget.limit, { low: budget.limit / 4 }), [["left this minute", budget.remaining.toLocaleString()], ["of", budget.limit.toLocaleString()]]),
      facts("Sessions", null, numbers(status.sessions, stateWords)),
      facts("Inbox", null, [...numbers(status.inbox, reasonWords), ["tasks created in 24 h", status.created24h.toLocaleString()]]),
      facts("Clients", null, [["WebSocket", clients.websocket.toLocaleString()], ["event streams", clients.events.toLocaleString()]]),
      facts("Webhooks", null, [["pending", webhooks.pending.toLocaleString()], ["dead", webhooks.dead.toLocaleString()]]),
      facts("Store", null, [["kind", store.kind], ["size", size(store.bytes)], ["position", h("code", status.seq)], ["epoch", h("code", status.epoch)]]),
      facts("julesd", null, [["version", status.version], ["running since", timeElement(moment(status.startedAt))]]));
  }

  async #readDeliveries() {
    try {
      const state = this.filter.value;
      const { deliveries } = await this.app.api.get(`/api/deliveries?limit=${DELIVERIES}${state ? `&state=${state}` : ""}`, { patient: false });
      this.#drawDeliveries(deliveries);
    } catch (error) {
      if (error.text && error.status !== 429) fill(this.deliveries, h("p.trouble", error.text));
    }
  }

  #drawDeliveries(deliveries) {
    this.dead = deliveries.filter((delivery) => delivery.state === "dead").map((delivery) => delivery.id);
    this.retryAll.hidden = this.dead.length === 0;
    renew(this.deliveries, [deliveries, this.filter.value], () => (deliveries.length === 0
      ? h("p.quiet", this.filter.value ? "There are none." : "No deliveries. NOTIFY_WEBHOOK names where changes are posted.")
      : table(["State", "Endpoint", "Attempts", "Last answer", "Next attempt", "Created", "Retry"],
        deliveries.map((delivery) => h("tr",
          h("td", h(`span.chip.${DELIVERY_TONES[delivery.state] ?? "quiet"}`, delivery.state)), h("td", h("bdi", delivery.endpoint)), h("td", delivery.attempts),
          h("td", { dir: "auto" }, delivery.lastError ?? delivery.lastStatus ?? ""),
          h("td", delivery.nextAttemptAt && timeElement(moment(delivery.nextAttemptAt))), h("td", timeElement(moment(delivery.createdAt))),
          h("td", delivery.state !== "delivered" && h("button", { "data-key": delivery.id, onclick: () => this.#retry([delivery.id]) }, "Retry")))))));
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
    this.#readDeliveries();
  }
}

function facts(heading, lead, pairs) {
  return h("section.facts-card", h("h2", heading), lead,
    h("dl", pairs.filter(Boolean).map(([name, value]) => [h("dt", name), h("dd", value)])));
}
