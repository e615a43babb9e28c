// SPDX-License-Identifier: Apache-2.0
// The number of waiting sessions, in the tab's title and icon.

const SIZE = 64;
let shown = 0;

/** Shows the number and the view's name. */
export function showBadge(number, title) {
  document.title = `${number ? `(${number}) ` : ""}${title} · julesd`;
  if (number === shown) return;
  shown = number;
  const link = document.querySelector("link[rel=icon]");
  if (number === 0) {
    link.type = "image/svg+xml";
    link.href = "/page/icon.svg";
    return;
  }
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext("2d");
  context.fillStyle = "#b45309";
  context.beginPath();
  context.roundRect(0, 0, SIZE, SIZE, 18);
  context.fill();
  context.fillStyle = "#fff";
  context.font = `bold ${number > 9 ? 36 : 46}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(number > 99 ? "99+" : String(number), SIZE / 2, SIZE / 2 + 3, SIZE - 8);
  link.type = "image/png";
  link.href = canvas.toDataURL();
}
