// SPDX-License-Identifier: Apache-2.0
// Questions before an action that cannot be undone, and other windows above the page.

import { fill, freshId, h } from "./dom.js";

/** Opens a window with a heading. `build` gets a function that closes it and returns its content. */
export function open(heading, build) {
  const title = freshId("dialog");
  const before = document.activeElement;
  const dialog = h("dialog", { "aria-labelledby": title });
  const close = () => dialog.close();
  fill(dialog, h("h2", { id: title }, heading), build(close));
  // A click on the dialog element itself is beside its content.
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks a yes-or-no question and returns a promise of a boolean. `lines` say what will happen. */
export function confirm(heading, lines, { yes, dangerous = false }) {
  return new Promise((answer) => {
    const dialog = open(heading, (close) => [
      h("div.explanation", lines.map((line) => h("p", { dir: "auto" }, line))),
      h("div.buttons",
        h("button", { onclick: close, autofocus: true }, "Cancel"),
        h(dangerous ? "button.danger" : "button.primary", {
          "data-yes": true, onclick: () => { answer(true); close(); },
        }, yes)),
    ]);
    dialog.addEventListener("close", () => answer(false));
  });
}
