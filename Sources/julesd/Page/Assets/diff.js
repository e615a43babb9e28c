// SPDX-License-Identifier: Apache-2.0
// Reads a patch in the unified format (git-diff(1)), in steps, so that a large one does not block the page.

/**
 * Finds the files of a patch. Yields every few thousand lines; the caller decides when to continue. Returns a list of
 * {path, oldPath, kind, added, removed, lines, start, end}: `kind` is "changed", "new", "deleted", "renamed" or "binary", and
 * the file's hunks are in the text from `start` to `end`.
 */
export function* readPatch(patch, linesAtOnce = 2_000) {
  const files = [];
  let file = null;
  // How many lines of the old and the new file the present hunk still has: inside it "--- x" is a removed line.
  let old = 0;
  let fresh = 0;
  let number = 0;
  const begin = (at) => {
    file = { path: "", oldPath: "", kind: "changed", added: 0, removed: 0, lines: 0, start: -1, end: at };
    files.push(file);
  };
  for (let at = 0; at < patch.length;) {
    const newline = patch.indexOf("\n", at);
    const end = newline < 0 ? patch.length : newline;
    const next = end + 1;
    const first = patch[at];
    if (old > 0 || fresh > 0) {
      if (first === "+") { file.added += 1; fresh -= 1; }
      else if (first === "-") { file.removed += 1; old -= 1; }
      else if (first !== "\\") { old -= 1; fresh -= 1; }
      file.lines += 1;
      file.end = next;
    } else if (first === "\\" && file) {
      file.end = next;
    } else {
      const line = patch.slice(at, Math.min(end, at + 4000));
      const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
      if (hunk && file) {
        old = Number(hunk[1] ?? 1);
        fresh = Number(hunk[2] ?? 1);
        if (file.start < 0) file.start = at;
        file.lines += 1;
        file.end = next;
      } else if (line.startsWith("diff --git ")) {
        begin(next);
        const names = /^diff --git (?:"?a\/(.*?)"?) (?:"?b\/(.*?)"?)$/.exec(line);
        file.oldPath = names?.[1] ?? "";
        file.path = names?.[2] ?? line.slice(11);
      } else if (line.startsWith("--- ")) {
        if (!file || file.start >= 0) begin(next);
        const name = pathOf(line);
        if (name === null) file.kind = "new";
        else file.oldPath = name;
      } else if (line.startsWith("+++ ") && file) {
        const name = pathOf(line);
        if (name === null) file.kind = "deleted";
        else file.path = name;
        if (!file.path) file.path = file.oldPath;
      } else if (file) {
        if (line.startsWith("new file")) file.kind = "new";
        else if (line.startsWith("deleted file")) file.kind = "deleted";
        else if (line.startsWith("rename to ")) { file.kind = "renamed"; file.path = line.slice(10); }
        else if (line.startsWith("Binary files ") || line.startsWith("GIT binary patch")) file.kind = "binary";
      }
    }
    at = next;
    number += 1;
    if (number % linesAtOnce === 0) yield at / patch.length;
  }
  return files;
}

/** The path of a "--- a/x" or "+++ b/x" line; null for /dev/null. */
function pathOf(line) {
  const name = line.slice(4).split("\t", 1)[0].replace(/^"(.*)"$/, "$1").replace(/\r$/, "");
  return name === "/dev/null" ? null : name.replace(/^[ab]\//, "");
}

/**
 * The lines of one file's hunks, one by one: {kind, text, old, fresh} with line numbers; `kind` is "hunk", "added",
 * "removed", "same" or "note".
 */
export function* readLines(patch, { start, end }) {
  let old = 0;
  let fresh = 0;
  if (start < 0) return;
  for (let at = start; at < end;) {
    const newline = patch.indexOf("\n", at);
    const stop = newline < 0 ? patch.length : newline;
    const line = patch.slice(at, stop);
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (hunk) {
      old = Number(hunk[1]);
      fresh = Number(hunk[2]);
      yield { kind: "hunk", text: line };
    } else if (line[0] === "+") {
      yield { kind: "added", text: line.slice(1), fresh: fresh++ };
    } else if (line[0] === "-") {
      yield { kind: "removed", text: line.slice(1), old: old++ };
    } else if (line[0] === "\\") {
      yield { kind: "note", text: line.slice(2) };
    } else {
      yield { kind: "same", text: line.slice(1), old: old++, fresh: fresh++ };
    }
    at = stop + 1;
  }
}
