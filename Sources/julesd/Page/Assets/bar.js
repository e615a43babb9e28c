// SPDX-License-Identifier: Apache-2.0
// The bar at the top: navigation, the number of waiting sessions, and whether the page is live.

import { h, icon, renew, setText } from "./dom.js";
import { clock, moment, span } from "./time.js";
import { count } from "./words.js";

const VIEWS = [["inbox", "Inbox", "inbox"], ["sessions", "Sessions", "list"], ["new", "New", "plus"], ["health", "Health", "pulse"]];

export class Bar {
  constructor(app) {
    this.app = app;
    this.number = h("span.badge", { hidden: true });
    this.links = VIEWS.map(([view, label, symbol]) => h("a", { href: `#/${view}`, "data-view": view }, icon(symbol), h("span", label), view === "inbox" && this.number));
    this.state = h("span.connection", { role: "status" });
    this.menu = h("div.menu", { id: "menu", popover: "auto" },
      app.notifier.button,
      h("button", { onclick: () => { this.menu.hidePopover(); app.showHelp(); } }, "Keyboard and help", h("kbd", "?")),
      h("button", { onclick: () => app.signOut() }, "Sign out"));
    this.element = h("header.bar",
      h("a.brand", { href: "#/inbox", "aria-label": "julesd, to the inbox" }, icon("mark"), h("span", "julesd")),
      h("nav", { "aria-label": "Views" }, this.links),
      this.state,
      h("button.icon-button", { popovertarget: "menu", "aria-label": "Menu" }, icon("menu")), this.menu);
    this.banner = h("div.banners", { role: "status" });
    for (const topic of ["connection", "status"]) app.store.on(topic, () => this.draw());
    app.store.on("inbox", () => this.#drawNumber());
    this.timer = setInterval(() => this.draw(), 1000);
    this.draw();
  }

  stop() { clearInterval(this.timer); }

  /** Marks the present view. */
  mark(view) {
    for (const link of this.links) {
      if (link.dataset.view === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  #drawNumber() {
    const number = this.app.store.inbox.items.length;
    this.number.hidden = number === 0;
    setText(this.number, number > 99 ? "99+" : String(number));
    this.number.setAttribute("aria-label", `${number} waiting`);
  }

  draw() {
    const { connection } = this.app.store;
    const isLive = connection.kind === "live";
    const label = isLive ? "Live" : connection.since ? "Reconnecting" : "Connecting";
    setText(this.state, label);
    this.state.className = `connection ${isLive ? "good" : "waits"}`;
    document.body.classList.toggle("stale", !isLive && Boolean(connection.since));
    this.#drawBanners();
  }

  #drawBanners() {
    const banners = this.#banners();
    renew(this.banner, banners.map(({ tone, text }) => [tone, text]), () => banners.map(({ tone, text, label, run }) => h(`p.banner.${tone}`,
      h("span", text), run && h("button.link", { "data-key": label, onclick: run }, label))));
  }

  #banners() {
    const { store, live } = this.app;
    const { connection, status, gap, limitedUntil } = store;
    const found = [];
    if (connection.kind !== "live" && connection.since) {
      const left = (connection.until ?? 0) - Date.now();
      found.push({
        tone: "waits",
        text: `Not live since ${clock(connection.since)}: what you see is from then. ${this.#why(connection.why)}${left > 0 ? ` Next attempt in ${span(left)}.` : " Connecting…"}`,
        label: "Try now", run: () => live.feed.tryNow(),
      });
    }
    if (limitedUntil > Date.now()) found.push({ tone: "waits", text: `The daemon limits how much is read (RATE_LIMIT). It goes on at ${clock(limitedUntil)}.` });
    const upstream = status?.upstream;
    if (connection.kind === "live" && upstream?.state === "refused") {
      found.push({ tone: "bad", text: `The daemon's API key does not work since ${clock(moment(upstream.since))}. Nothing new comes in. ${upstream.reason ?? ""}` });
    } else if (connection.kind === "live" && upstream?.state === "degraded") {
      const last = upstream.lastAnswer ? ` Its last answer came at ${clock(moment(upstream.lastAnswer))}; what you see is from then.` : "";
      found.push({ tone: "waits", text: `Jules cannot be reached since ${clock(moment(upstream.since))}.${last}` });
    }
    if (gap) {
      found.push({
        tone: "quiet", text: `${count(gap.missed, "change was", "changes were")} missed; everything was read again at ${clock(gap.at)}.`,
        label: "Close", run: () => { store.gap = null; this.draw(); },
      });
    }
    return found;
  }

  #why(error) {
    switch (error?.status) {
      case undefined: return "";
      case 0: return "julesd does not answer.";
      case 401: return "The token is not accepted any more.";
      case 403: return "This address is not in the daemon's ALLOWLIST any more.";
      case 429: return "The daemon limits requests.";
      default: return error.text;
    }
  }
}
