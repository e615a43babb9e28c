// SPDX-License-Identifier: Apache-2.0
// A patch, file by file. A file is drawn when it is opened, and a long one in pieces, so that 10 MB do not block the tab.

import { copy, fill, h, icon } from "./dom.js";
import { readLines, readPatch } from "./diff.js";
import { cut } from "./session.js";
import { visible } from "./text.js";
import { say } from "./toast.js";
import { count, size } from "./words.js";

const OPEN_LINES = 400;
const OPEN_LINES_IN_ALL = 2_000;
const PIECE = 500;
const STEP = 10;
const LONGEST_LINE = 2_000;
const SIGNS = { added: "+", removed: "−", same: " " };
const KINDS = { new: "new", deleted: "deleted", renamed: "renamed", binary: "binary" };

/** Shows `patch` in `parent`. Returns a promise of {files, added, removed}. */
export async function showPatch(parent, { patch, base, message }) {
  fill(parent, h("p.quiet", "Reading the changes…"));
  const files = await inSteps(readPatch(patch));
  const added = files.reduce((sum, file) => sum + file.added, 0);
  const removed = files.reduce((sum, file) => sum + file.removed, 0);
  let open = 0;
  fill(parent,
    h("div.patch-head",
      h("p", count(files.length, "file"), " ", counts(added, removed),
        base && h("span.quiet", ", on top of ", h("code", base.slice(0, 12)))),
      h("button", { onclick: () => copyPatch(patch) }, icon("copy"), `Copy patch (${size(patch.length)})`)),
    message && h("details.commit", h("summary", "Suggested commit message"), h("pre", { dir: "auto", tabindex: "0" }, message)),
    files.map((file) => {
      const isOpen = file.lines <= OPEN_LINES && open + file.lines <= OPEN_LINES_IN_ALL;
      if (isOpen) open += file.lines;
      return fileElement(patch, file, isOpen);
    }));
  return { files, added, removed };
}

/** Runs a generator in steps of a few milliseconds, so that the page stays responsive. */
async function inSteps(steps) {
  for (let began = performance.now(); ;) {
    const { value, done } = steps.next();
    if (done) return value;
    if (performance.now() - began < STEP) continue;
    await new Promise((resume) => setTimeout(resume));
    began = performance.now();
  }
}

export function counts(added, removed) {
  return h("span.counts", h("span.plus", { "aria-label": `${added} added` }, `+${added.toLocaleString()}`), " ",
    h("span.minus", { "aria-label": `${removed} removed` }, `−${removed.toLocaleString()}`));
}

async function copyPatch(patch) {
  try {
    await copy(patch);
    say("Patch copied");
  } catch (error) {
    say(`Not copied: ${error.message}`, { trouble: true });
  }
}

function fileElement(patch, file, isOpen) {
  const name = visible(cut(file.path || "unnamed", 1000));
  const body = h("div.patch-body", { tabindex: "0", role: "region", "aria-label": `Changes of ${name}` });
  const element = h("details.patch-file", { open: isOpen },
    h("summary", h("bdi.path", name),
      file.kind === "renamed" && h("span.quiet", "from ", h("bdi", visible(cut(file.oldPath, 1000)))),
      KINDS[file.kind] && h("span.tag", KINDS[file.kind]), counts(file.added, file.removed)),
    body);
  const draw = () => {
    if (!element.open || body.hasChildNodes()) return;
    if (file.start < 0) fill(body, h("p.quiet", file.kind === "binary" ? "A binary file." : "No lines changed."));
    else drawLines(body, readLines(patch, file), file.lines);
  };
  element.addEventListener("toggle", draw);
  draw();
  return element;
}

function drawLines(body, lines, total) {
  const table = h("table", h("tbody"));
  const more = h("button.more");
  let drawn = 0;
  const draw = () => {
    const rows = [];
    // A for loop would end the generator after its first piece.
    for (let step; rows.length < PIECE && !(step = lines.next()).done;) rows.push(row(step.value));
    drawn += rows.length;
    table.tBodies[0].append(...rows);
    more.hidden = rows.length < PIECE || drawn >= total;
    more.textContent = `Show ${Math.min(PIECE, total - drawn).toLocaleString()} more of ${(total - drawn).toLocaleString()} lines`;
  };
  more.addEventListener("click", draw);
  fill(body, table, more);
  draw();
}

function row({ kind, text, old, fresh }) {
  const shown = text.length > LONGEST_LINE ? `${cut(text, LONGEST_LINE)} … ${count(text.length - LONGEST_LINE, "more character")}` : text;
  // The style sheet adds numbers and signs, so that a selection copies only the code.
  return h(`tr.${kind}`,
    h("td.number", { "data-text": old ?? "" }), h("td.number", { "data-text": fresh ?? "" }),
    h("td.code", { "data-text": SIGNS[kind] ?? "", dir: "ltr" }, visible(shown)));
}
