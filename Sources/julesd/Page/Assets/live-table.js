// SPDX-License-Identifier: Apache-2.0
// A part of the Health view: a heading, and a table that is read again from time to time.

import { fill, h, renew } from "./dom.js";
import { say } from "./toast.js";

export class LiveTable {
  /** `tools` are shown beside the heading. A subclass has `paths` to read, and `draw`, which gets their answers. */
  constructor(app, heading, ...tools) {
    this.app = app;
    this.rows = h("div.table");
    this.element = h("section", h("div.view-head", h("h2", heading), h("span.spacer"), tools), this.rows);
  }

  async read() {
    try {
      this.draw(...await Promise.all(this.paths.map((path) => this.app.api.get(path, { patient: false }))));
    } catch (error) {
      if (error.text && error.status !== 429) fill(this.rows, h("p.trouble", error.text));
    }
  }

  /** Shows a row for each item, or a sentence if there is none. */
  list(items, none, labels, row) {
    renew(this.rows, [items, none], () => (items.length === 0
      ? h("p.quiet", none)
      : h("table", h("thead", h("tr", labels.map((label) => h("th", { scope: "col" }, label)))), h("tbody", items.map(row)))));
  }

  /** Sends a change, and shows an error if it is refused. Returns whether the change was made. */
  async change(method, path, body) {
    let isMade = true;
    try {
      await this.app.api[method](path, body);
    } catch (error) {
      isMade = false;
      say(`Not done: ${error.text}`, { trouble: true });
    }
    await this.read();
    return isMade;
  }
}

/** A coloured word. */
export function chip(word, tones) {
  return h(`span.chip.${tones[word] ?? "quiet"}`, word);
}
