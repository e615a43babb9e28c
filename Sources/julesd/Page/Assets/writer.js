// SPDX-License-Identifier: Apache-2.0
// A place to write to Jules. What is typed stays until it has been sent, also over a reload.

import { h } from "./dom.js";

/**
 * A text area for a message to a session. `kept` names the draft. Ctrl+Enter sends the form that it stands in, and `send`
 * takes the text and answers whether it was taken.
 */
export class Writer {
  constructor(kept, send, { label, placeholder = label }) {
    this.kept = `julesd.${kept}`;
    this.send = send;
    this.area = h("textarea", {
      rows: "2", dir: "auto", maxlength: "20000", "aria-label": label, placeholder, value: sessionStorage.getItem(this.kept) ?? "",
      oninput: () => sessionStorage.setItem(this.kept, this.area.value), onkeydown: submitByKey,
    });
    this.submit = async (event) => {
      event.preventDefault();
      const message = this.area.value.trim();
      if (!message || this.busy) return this.area.focus();
      this.busy = true;
      if (await this.send(message)) {
        sessionStorage.removeItem(this.kept);
        this.area.value = "";
      }
      this.busy = false;
    };
  }
}

/** Sends the form of a field by Ctrl+Enter. */
export function submitByKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
}
