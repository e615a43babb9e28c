// SPDX-License-Identifier: Apache-2.0
// A field that searches among many choices (the combobox pattern of the ARIA Authoring Practices).

import { fill, freshId, h } from "./dom.js";

const MOST_SHOWN = 100;

export class Combobox {
  /** `choices` are texts. `chosen` is called with each value that is one of them, or empty. */
  constructor({ label, placeholder, chosen = () => {} }) {
    this.choices = [];
    this.chosen = chosen;
    const list = freshId("list");
    this.input = h("input", {
      type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": list, "aria-autocomplete": "list", "aria-label": label,
      placeholder, autocomplete: "off", spellcheck: "false",
      oninput: () => { this.#open(); this.#tell(); },
      onfocus: () => this.input.select(),
      onclick: () => this.#open(true),
      onblur: () => this.#close(),
      onkeydown: (event) => this.#key(event),
    });
    this.list = h("ul.choices", { id: list, role: "listbox", "aria-label": label, hidden: true });
    this.element = h("div.combobox", this.input, this.list);
  }

  get value() { return this.input.value.trim(); }

  set value(text) {
    this.input.value = text;
    this.#tell();
  }

  /** Replaces the choices. */
  offer(choices) {
    this.choices = choices;
    if (document.activeElement === this.input && !this.list.hidden) this.#open();
    this.#tell();
  }

  #tell() {
    const value = this.value;
    if (value === this.told || (value && !this.choices.includes(value))) return;
    this.told = value;
    this.chosen(value);
  }

  #open(all = false) {
    const words = all ? [] : this.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.choices.filter((choice) => {
      const text = choice.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    this.shown = found.slice(0, MOST_SHOWN);
    fill(this.list, this.shown.map((choice, index) => h("li", {
      role: "option", id: `${this.list.id}-${index}`, "aria-selected": "false", dir: "auto",
      // Before the field loses the focus.
      onmousedown: (event) => { event.preventDefault(); this.#choose(index); },
    }, choice)),
    found.length > MOST_SHOWN && h("li.quiet", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, `${(found.length - MOST_SHOWN).toLocaleString()} more: type to narrow`),
    found.length === 0 && h("li.quiet", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, this.choices.length ? "Nothing fits" : "None known"));
    this.list.hidden = false;
    this.input.ariaExpanded = "true";
    this.#highlight(all ? this.shown.indexOf(this.value) : found.length ? 0 : -1);
  }

  #close() {
    this.list.hidden = true;
    this.input.ariaExpanded = "false";
    this.input.removeAttribute("aria-activedescendant");
  }

  #highlight(index) {
    this.at = index;
    [...this.list.children].forEach((option, place) => { option.ariaSelected = String(place === index); });
    const option = this.list.children[index];
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  #choose(index) {
    if (this.shown[index] === undefined) return;
    this.value = this.shown[index];
    this.#close();
  }

  #key(event) {
    const isOpen = !this.list.hidden;
    const last = this.shown?.length - 1;
    switch (event.key) {
      case "ArrowDown": isOpen ? this.#highlight(Math.min(last, this.at + 1)) : this.#open(true); break;
      case "ArrowUp": isOpen ? this.#highlight(Math.max(0, this.at - 1)) : this.#open(true); break;
      case "Enter":
        if (!isOpen || event.ctrlKey || event.metaKey) return;
        this.#choose(this.at);
        break;
      case "Tab":
        if (isOpen && this.value) this.#choose(this.at);
        return;
      case "Escape":
        if (!isOpen) return;
        event.stopPropagation();
        this.#close();
        break;
      default: return;
    }
    event.preventDefault();
  }
}
