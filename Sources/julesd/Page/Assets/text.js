// SPDX-License-Identifier: Apache-2.0
// Text of agents and people, shown unchanged except for a little Markdown. The result is nodes, never markup.

import { h } from "./dom.js";
import { webAddress } from "./session.js";

const LONG = 20_000;
// An address ends before the punctuation after it. No part can match in two ways, so long texts take linear time.
const INLINE = /\x60([^\x60\n]+)\x60|\*\*([^*\n]+)\*\*|(https?:\/\/[^\s<>"'\x60)\]]*[^\s<>"'\x60)\].,;:!?])/g;

/** A block that shows `value`. Very long texts are folded. */
export function prose(value) {
  const block = h("div.prose", { dir: "auto" });
  const shown = value.length > LONG ? value.slice(0, LONG) : value;
  block.append(...parts(shown));
  if (shown !== value) {
    const more = h("button.link", { onclick: () => more.replaceWith(value.slice(LONG)) },
      `Show ${(value.length - LONG).toLocaleString()} more characters`);
    block.append("… ", more);
  }
  return block;
}

function parts(value) {
  return value.split(/^\x60{3}[^\n]*\n?/m).flatMap((part, index) => {
    if (index % 2 === 0) return inline(part);
    return [h("pre", { tabindex: "0", dir: "ltr" }, visible(part.replace(/\n$/, "")))];
  });
}

function inline(value) {
  const found = [];
  let end = 0;
  for (const match of value.matchAll(INLINE)) {
    found.push(value.slice(end, match.index));
    if (match[1]) found.push(h("code", match[1]));
    else if (match[2]) found.push(h("strong", match[2]));
    else found.push(webLink(match[3], match[3]));
    end = match.index + match[0].length;
  }
  found.push(value.slice(end));
  return found.filter(Boolean);
}

/** A link to another site, or only the label if the address is not http or https. */
export function webLink(address, label, attributes = {}) {
  const href = webAddress(address);
  if (!href) return h("span", label);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", ...attributes }, label);
}

const DIRECTION = /[\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** Code with characters made visible that could make it look different from what it does (trojansource.codes). */
export function visible(code) {
  return code.replace(DIRECTION, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase()}]`);
}
