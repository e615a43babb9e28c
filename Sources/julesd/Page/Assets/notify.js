// SPDX-License-Identifier: Apache-2.0
// The browser's notifications of sessions that wait or have ended: one for each change, also over reconnects and in many
// tabs.

import { h, setText } from "./dom.js";
import { sessionLink } from "./router.js";
import { repositoryOf, titleOf } from "./session.js";
import { changeWords } from "./words.js";

const WANTED = "julesd.notify";
const LAST = "julesd.notified";

export class Notifier {
  constructor(store) {
    this.button = h("button", { onclick: () => this.#toggle() });
    this.isPossible = typeof Notification !== "undefined" && isSecureContext;
    this.stop = store.on("delta", (delta) => this.#note(delta));
    this.#draw();
  }

  get #isOn() {
    return this.isPossible && localStorage.getItem(WANTED) === "1" && Notification.permission === "granted";
  }

  #draw() {
    setText(this.button, this.#isOn ? "Notifications: on" : "Notifications: off");
    this.button.disabled = !this.isPossible;
    if (!this.isPossible) this.button.title = "Browsers allow notifications on https and localhost only";
  }

  async #toggle() {
    if (this.#isOn) localStorage.removeItem(WANTED);
    else if (await Notification.requestPermission() === "granted") localStorage.setItem(WANTED, "1");
    else this.button.title = "The browser's settings forbid notifications for this page";
    this.#draw();
  }

  #note(delta) {
    if (!(delta.attention || delta.finished) || !this.#isOn) return;
    // Other tabs get the same change. Positions grow, also from one epoch to the next.
    if (delta.seq <= Number(localStorage.getItem(LAST) ?? 0)) return;
    localStorage.setItem(LAST, String(delta.seq));
    // A user who looks at the page sees the change there.
    if (document.visibilityState === "visible" && document.hasFocus()) return;
    const session = delta.after ?? delta.before ?? {};
    const notification = new Notification(titleOf(session), {
      body: [repositoryOf(session), changeWords(delta)].filter(Boolean).join(": "), tag: `julesd-${delta.seq}`, icon: "/page/icon.svg",
    });
    notification.onclick = () => {
      window.focus();
      location.hash = sessionLink(delta.id);
      notification.close();
    };
  }
}
