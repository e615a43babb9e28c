// SPDX-License-Identifier: Apache-2.0
// Short messages about what a person has just done. Screen readers read them aloud.

import { h } from "./dom.js";

const SHOWN = 6_000;

/** Shows a message for some seconds. An error stays until it is closed. */
export function say(message, { trouble = false, link } = {}) {
  const area = document.getElementById("toasts");
  const toast = h(trouble ? "div.toast.trouble" : "div.toast", { role: trouble ? "alert" : "status" },
    h("span", { dir: "auto" }, message),
    link && h("a", { href: link.href }, link.label),
    h("button.close", { "aria-label": "Close", onclick: () => toast.remove() }, "×"));
  area.append(toast);
  while (area.children.length > 4) area.firstChild.remove();
  if (!trouble) setTimeout(() => toast.remove(), SHOWN);
}
