// SPDX-License-Identifier: Apache-2.0
// Keyboard shortcuts, and the window that lists them.

import { h } from "./dom.js";
import { open } from "./dialog.js";

const OFF = "julesd.keys.off";
const SEQUENCE = 1_200;
const NAMES = { ArrowDown: "↓", ArrowUp: "↑", "Alt+ArrowDown": "Alt ↓", "Alt+ArrowUp": "Alt ↑", " ": "Space", Escape: "Esc", PageDown: "PgDn", PageUp: "PgUp" };
const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable]";

export class Keys {
  /**
   * `everywhere` are keys that always work; `present()` returns the keys of the shown views, nearest first. A key is
   * {keys, text, run}; "g i" is g, then i, and "Alt+g" both at once.
   */
  constructor(everywhere, present) {
    this.everywhere = everywhere;
    this.present = present;
    this.prefix = "";
    this.listener = (event) => this.#pressed(event);
    addEventListener("keydown", this.listener);
  }

  stop() { removeEventListener("keydown", this.listener); }

  #pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const { target } = event;
    const key = (event.altKey ? "Alt+" : "") + event.key;
    if (target.closest?.(TYPING) && key !== "Escape") return;
    // Enter and space belong to the element with the focus.
    if ((key === "Enter" || key === " ") && target.closest?.("a, button, summary, input, [role=tab]")) return;
    if (target.closest?.(TYPING)) return void target.blur();
    if (key.length === 1 && key !== "?" && localStorage.getItem(OFF)) return;
    const pressed = this.prefix ? `${this.prefix} ${key}` : key;
    clearTimeout(this.timer);
    this.prefix = "";
    const all = [...this.present(), ...this.everywhere];
    const found = all.find(({ keys }) => keys.includes(pressed));
    if (found) {
      event.preventDefault();
      found.run(key);
    } else if (all.some(({ keys }) => keys.some((each) => each.startsWith(`${pressed} `)))) {
      this.prefix = pressed;
      this.timer = setTimeout(() => { this.prefix = ""; }, SEQUENCE);
    }
  }

  /** Lists the keys, and lets the user turn them off: they disturb people who use speech input. */
  help() {
    const table = (heading, keys) => keys.length > 0 && h("section", h("h3", heading), h("dl.keys", keys.map((entry) => [
      h("dt", entry.keys.slice(0, 3).map((each) => h("kbd", each.split(" ").length > 1 && each !== " " ? each.split(" ").join(" then ") : NAMES[each] ?? each))),
      h("dd", entry.text)])));
    const box = h("input", {
      type: "checkbox", checked: !localStorage.getItem(OFF),
      onchange: () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")),
    });
    open("Keyboard", (close) => [
      h("div.help", table("Here", this.present()), table("Everywhere", this.everywhere)),
      h("label.check", box, h("span", "Single keys act")),
      h("div.buttons", h("button.primary", { onclick: close, autofocus: true }, "Close")),
    ]);
  }
}
