// SPDX-License-Identifier: Apache-2.0
// A list of any length. Only the visible rows are in the page. All rows have the same height.

import { h } from "./dom.js";

const BEYOND = 8;

export class Rows {
  /**
   * `create(item)` returns a row, `update(node, item)` updates it, `height(width)` is a row's height in pixels for a list of
   * that width.
   */
  constructor({ label, create, update, height, moved = () => {} }) {
    Object.assign(this, { create, update, height, moved });
    this.body = h("div.rows-body", { role: "presentation" });
    this.element = h("div.rows", { role: "grid", tabindex: "0", "aria-label": label, "aria-multiselectable": "true" }, this.body);
    this.items = [];
    this.nodes = new Map();
    this.current = null;
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("focus", () => {
      if (this.index < 0 && this.element.matches(":focus-visible")) this.select(Math.ceil(this.element.scrollTop / this.rowHeight));
    });
    this.observer = new ResizeObserver(() => this.#measure());
    this.observer.observe(this.element);
  }

  /** Shows other items. The visible part stays where it is, also if rows come or go above it. */
  show(items) {
    const first = Math.floor(this.element.scrollTop / (this.rowHeight || 1));
    const anchor = this.items[first]?.id;
    this.items = items;
    this.#measure(true);
    if (anchor && this.element.scrollTop > 0) {
      const now = items.findIndex((item) => item.id === anchor);
      if (now >= 0 && now !== first) this.element.scrollTop += (now - first) * this.rowHeight;
    }
    this.draw();
  }

  get index() { return this.items.findIndex((item) => item.id === this.current); }

  /** Makes a row the current one and scrolls it into view. */
  select(index) {
    if (!this.items.length) return;
    const place = Math.max(0, Math.min(this.items.length - 1, index));
    this.current = this.items[place].id;
    const top = place * this.rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.rowHeight > scrollTop + clientHeight) this.element.scrollTop = top + this.rowHeight - clientHeight;
    this.draw();
    this.moved(this.items[place]);
  }

  /** How many rows are visible at once. */
  get page() { return Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 1); }

  #measure(quiet = false) {
    const height = this.height(this.element.clientWidth);
    const changed = height !== this.rowHeight;
    this.rowHeight = height;
    this.body.style.height = `${this.items.length * height}px`;
    if (changed) for (const node of this.nodes.values()) node.style.height = `${height}px`;
    if (!quiet) this.draw();
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / this.rowHeight) - BEYOND);
    const last = Math.min(this.items.length, Math.ceil((scrollTop + clientHeight) / this.rowHeight) + BEYOND);
    const wanted = new Set();
    for (let index = first; index < last; index += 1) wanted.add(this.items[index].id);
    for (const [id, node] of this.nodes) if (!wanted.has(id)) this.#drop(id, node);
    for (let index = first; index < last; index += 1) this.#place(this.items[index], index, index - first);
    this.element.ariaRowCount = String(this.items.length);
    if (this.nodes.has(this.current)) this.element.setAttribute("aria-activedescendant", `row-${this.current}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #place(item, index, order) {
    let node = this.nodes.get(item.id);
    if (!node) {
      node = this.create(item);
      node.id = `row-${item.id}`;
      node.style.height = `${this.rowHeight}px`;
      this.nodes.set(item.id, node);
    }
    // In the order of the list, for screen readers.
    const before = this.body.children[order];
    if (before !== node) this.body.insertBefore(node, before ?? null);
    const place = `translateY(${index * this.rowHeight}px)`;
    if (node.style.transform !== place) node.style.transform = place;
    if (node.ariaRowIndex !== String(index + 1)) node.ariaRowIndex = String(index + 1);
    node.classList.toggle("current", item.id === this.current);
    this.update(node, item);
  }

  #drop(id, node) {
    // The focus must stay in the list if its row scrolls out of view.
    if (node.contains(document.activeElement)) this.element.focus({ preventScroll: true });
    node.remove();
    this.nodes.delete(id);
  }
}
