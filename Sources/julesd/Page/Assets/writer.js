// SPDX-License-Identifier: Apache-2.0
// A text field for messages to Jules. Typed text stays until it has been sent, also over a reload.

import { h } from "./dom.js";

/**
 * A text area for a message to a session. `kept` names the draft. Ctrl+Enter submits its form, and `send` gets the text and
 * returns whether it was accepted.
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

/** Submits the form of a field with Ctrl+Enter. */
export function submitByKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
}
