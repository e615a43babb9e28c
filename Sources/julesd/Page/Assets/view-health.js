// SPDX-License-Identifier: Apache-2.0
// The state of everything: Jules, the budget, the store, clients, webhooks, rules and the queue.

import { DecisionTable } from "./decision-table.js";
import { DeliveryTable } from "./delivery-table.js";
import { fill, h, meter } from "./dom.js";
import { QueueTable } from "./queue-table.js";
import { moment, timeElement } from "./time.js";
import { reasonWords, size, stateWords } from "./words.js";

const EVERY = 5_000;
const UPSTREAM = { ok: ["Jules answers", "good"], degraded: ["Jules cannot be reached", "waits"], refused: ["The API key does not work", "bad"] };

export class HealthView {
  constructor(app) {
    this.app = app;
    this.heading = h("h1", { tabindex: "-1" }, "Health");
    this.cards = h("div.facts-grid");
    const queue = new QueueTable(app);
    this.tables = [queue, new DecisionTable(app), new DeliveryTable(app)];
    this.element = h("div.page", this.heading, this.cards, this.tables.map(({ element }) => element));
    this.keys = queue.keys;
    app.store.on("status", () => this.#draw());
  }

  get title() { return "Health"; }

  focus() { this.heading.focus({ preventScroll: true }); }

  show() {
    const refresh = () => {
      if (document.visibilityState !== "visible") return;
      this.app.live.refreshStatus();
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
}

function facts(heading, lead, pairs) {
  return h("section.facts-card", h("h2", heading), lead,
    h("dl", pairs.filter(Boolean).map(([name, value]) => [h("dt", name), h("dd", value)])));
}
