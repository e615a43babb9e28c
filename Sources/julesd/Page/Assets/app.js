// SPDX-License-Identifier: Apache-2.0
// The one module that knows all others: signs in, makes the views, and shows the one that the address names.

import { Actions } from "./actions.js";
import { Api } from "./api.js";
import { showBadge } from "./badge.js";
import { Bar } from "./bar.js";
import { forgetToken, keepToken, readToken } from "./credentials.js";
import { fill, h } from "./dom.js";
import { Keys } from "./keys.js";
import { Live } from "./live.js";
import { Notifier } from "./notify.js";
import { go, parse } from "./router.js";
import { Store } from "./store.js";
import { renewTimes } from "./time.js";
import { HealthView } from "./view-health.js";
import { InboxView } from "./view-inbox.js";
import { NewView } from "./view-new.js";
import { SessionView } from "./view-session.js";
import { SessionsView } from "./view-sessions.js";
import { SignInView } from "./view-signin.js";

const TIMES = 15_000;

/** What the page has after signing in: the views and everything that they share. */
class Room {
  constructor(token, refused) {
    this.store = new Store();
    this.api = new Api(token, {
      refused,
      limited: (until) => { this.store.limitedUntil = until; this.store.note("connection"); },
    });
    this.live = new Live(this.api, this.store, token);
    this.actions = new Actions(this.api, this.store, this.live);
    this.notifier = new Notifier(this.store);
    this.lastList = "#/inbox";
  }

  /** Reads the sessions. Throws if the token is not accepted, or if nothing answers. */
  start() { return this.live.start(); }

  open() {
    this.bar = new Bar(this);
    // A new kind of view takes a line here and one in the bar.
    this.lists = { inbox: new InboxView(this), sessions: new SessionsView(this) };
    this.pages = { new: new NewView(this), health: new HealthView(this) };
    this.session = new SessionView(this);
    this.list = h("section.list", { "aria-label": "List" });
    this.detail = h("section.detail", { "aria-label": "Session" }, this.session.element);
    this.main = h("main", { id: "main" }, this.list, this.detail);
    fill(document.getElementById("room"), this.bar.element, this.bar.banner, this.main);
    this.keys = new Keys([
      { keys: ["g i"], text: "Inbox", run: () => go("#/inbox") },
      { keys: ["g s"], text: "Sessions", run: () => go("#/sessions") },
      { keys: ["g h"], text: "Health", run: () => go("#/health") },
      { keys: ["n"], text: "New session", run: () => go("#/new") },
      { keys: ["/"], text: "Search sessions", run: () => { go("#/sessions"); setTimeout(() => this.lists.sessions.search.focus()); } },
      { keys: ["?"], text: "These keys", run: () => this.showHelp() },
    ], () => this.#presentKeys());
    this.moved = () => this.route();
    addEventListener("hashchange", this.moved);
    this.store.on("inbox", () => this.#name());
    this.store.on("sessions", () => this.#name());
    this.timer = setInterval(renewTimes, TIMES);
    this.route({ first: true });
  }

  /** Shows the view that the address names. A session is shown beside the list from which it was opened. */
  route({ first = false } = {}) {
    const address = parse(location.hash);
    const view = address.view === "session" || this.pages[address.view] || this.lists[address.view] ? address.view : "inbox";
    const page = this.pages[view];
    for (const other of Object.values(this.pages)) if (other !== page) other.hide?.();
    if (this.lists[view]) this.lastList = location.hash || "#/inbox";
    const listAddress = this.lists[view] ? address : parse(this.lastList);
    const list = this.lists[listAddress.view] ?? this.lists.inbox;
    const shown = page ?? list;
    if (this.list.firstElementChild !== shown.element) fill(this.list, shown.element);
    this.main.dataset.view = page ? "page" : view === "session" ? "session" : "list";
    const before = this.shown;
    if (!page && (this.lists[view] || before === undefined || list !== this.shownList)) list.show?.(listAddress);
    page?.show(address);
    if (view === "session") this.session.show(address);
    else this.session.hide();
    this.shownList = page ? null : list;
    list.mark?.(view === "session" ? address.id : null);
    this.shown = view === "session" ? this.session : shown;
    this.bar.mark(page ? view : this.lists[listAddress.view] ? listAddress.view : "inbox");
    if (this.shown !== before && !first) this.shown.focus();
    this.#name();
  }

  #presentKeys() {
    const keys = [...(this.shown?.keys ?? [])];
    // Beside a session the movement keys act on the list, and the action keys on the session.
    if (this.shown === this.session) keys.push(...this.shownList.keys.filter((key) => ["Next", "Previous", "Open the session"].includes(key.text)));
    return keys;
  }

  #name() { showBadge(this.store.inbox.items.length, this.shown?.title ?? "Inbox"); }

  showHelp() { this.keys.help(); }

  signOut() { signOut(""); }

  /** Stops everything. */
  close() {
    this.live.stop();
    this.session?.hide();
    for (const page of Object.values(this.pages ?? {})) page.hide?.();
    this.api.close();
    this.keys?.stop();
    this.bar?.stop();
    this.notifier.stop();
    clearInterval(this.timer);
    removeEventListener("hashchange", this.moved);
  }
}

let room = null;

async function enter(token, remember) {
  const next = new Room(token, () => room === next && signOut("The token is not accepted any more."));
  await next.start();
  if (remember !== null) keepToken(token, remember);
  room = next;
  room.open();
}

function signOut(message) {
  forgetToken();
  room?.close();
  room = null;
  askForToken(message);
}

function askForToken(message = "") {
  const view = new SignInView(enter);
  fill(document.getElementById("room"), h("main", { id: "main" }, view.element));
  showBadge(0, "Sign in");
  view.say(message);
  view.token.focus();
}

/** Signs in with the kept token. While nothing answers, it tries again, because the daemon may be starting. */
async function begin() {
  const token = readToken();
  if (!token) return askForToken();
  for (let pause = 1000; ; pause = Math.min(pause * 2, 15_000)) {
    try {
      return await enter(token, null);
    } catch (error) {
      if (error.status === 401) return signOut("The token is not accepted any more.");
      const wait = error.retryAfter ? error.retryAfter * 1000 : pause;
      await showWaiting(error.status === 403 ? "This address may not come in: the daemon's ALLOWLIST does not name it." : error.text ?? String(error), wait);
    }
  }
}

function showWaiting(message, wait) {
  return new Promise((resume) => {
    const timer = setTimeout(resume, wait);
    const now = () => { clearTimeout(timer); resume(); };
    fill(document.getElementById("room"), h("main", { id: "main" }, h("div.signin",
      h("h1", "julesd"), h("p.trouble", { role: "alert" }, message), h("p.quiet", `Trying again in ${Math.ceil(wait / 1000)} s.`),
      h("div.buttons", h("button.primary", { onclick: now }, "Try now"), h("button.quiet", { onclick: () => { forgetToken(); location.reload(); } }, "Sign out")))));
  });
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  const heading = document.querySelector("main h1, main [role=grid]");
  heading?.focus();
});
begin();
