// SPDX-License-Identifier: Apache-2.0
// One activity of a session in the time line. Unknown kinds are shown as they came.

import { showPatch } from "./diff-view.js";
import { fill, h, icon } from "./dom.js";
import { list, text } from "./session.js";
import { prose, visible } from "./text.js";
import { moment, timeElement } from "./time.js";
import { size } from "./words.js";

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const VIDEOS = ["video/mp4", "video/webm"];
const MOST_OUTPUT = 20_000;
const COMMON = new Set(["name", "id", "createTime", "originator", "description", "artifacts"]);

/** The element of an activity, or null if it shows nothing. */
export function activityElement(activity) {
  const at = moment(activity.createTime);
  const parts = artifacts(activity);
  if (activity.userMessaged) return bubble("user", "You", text(activity.userMessaged.userMessage), at, parts);
  if (activity.agentMessaged) return bubble("agent", "Jules", text(activity.agentMessaged.agentMessage), at, parts);
  if (activity.planGenerated) {
    const { plan } = activity.planGenerated;
    return event("plan", "Plan", at, [planSteps(list(plan?.steps)), parts]);
  }
  if (activity.planApproved) {
    return event("check", "Plan approved", at, parts);
  }
  if (activity.progressUpdated) {
    const { title, description } = activity.progressUpdated;
    if (!title && !description && parts.length === 0) return null;
    // The description contains the shell output too.
    const isShell = list(activity.artifacts).some((artifact) => artifact?.bashOutput);
    return event("dot", text(title), at, [!isShell && details(text(description)), parts]);
  }
  if (activity.sessionCompleted) return event("check", "Completed", at, parts, "good");
  if (activity.sessionFailed) {
    const reason = text(activity.sessionFailed.reason);
    return event("cross", "Failed", at, [reason ? prose(reason) : h("p.quiet", "Jules gave no reason."), parts], "bad");
  }
  const unknown = Object.keys(activity).find((key) => !COMMON.has(key));
  const label = text(activity.description) || (unknown ? `Something new to this page: ${unknown}` : "");
  if (!label && parts.length === 0) return null;
  return event("dot", label, at, [unknown && raw(activity[unknown]), parts]);
}

/** The steps of a plan as a numbered list. */
export function planSteps(steps, most = Infinity) {
  const ordered = steps.map((step) => (typeof step === "string" ? { title: step } : step ?? {}))
    .sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
  const items = ordered.map((step) => h("li", h("span", { dir: "auto" }, text(step.title) || "Step"),
    text(step.description) && h("div.step-more", prose(text(step.description)))));
  const shown = h("ol.steps", items.slice(0, most));
  if (items.length <= most) return shown;
  const more = h("button.link", { onclick: () => { shown.append(...items.slice(most)); more.remove(); } },
    `Show all ${items.length} steps`);
  return h("div", shown, more);
}

function bubble(who, name, message, at, parts) {
  return h(`li.message.${who}`, h("div.byline", h("strong", name), timeElement(at)), prose(message), parts);
}

function event(symbol, label, at, content, tone = "") {
  return h(`li.event${tone ? `.${tone}` : ""}`, icon(symbol),
    h("div.event-body", h("div.byline", h("span.label", { dir: "auto" }, label), timeElement(at)), content));
}

function details(description) {
  if (!description) return null;
  if (description.length < 400 && description.split("\n").length <= 4) return prose(description);
  const body = h("div");
  return h("details", { ontoggle: () => body.hasChildNodes() || fill(body, prose(description)) },
    h("summary", { dir: "auto" }, `${description.slice(0, 120).split("\n", 1)[0]} …`), body);
}

function artifacts(activity) {
  return list(activity.artifacts).map((artifact) => {
    if (artifact?.bashOutput) return terminal(artifact.bashOutput);
    if (artifact?.media) return media(artifact.media);
    if (artifact?.changeSet) return changeSet(artifact.changeSet);
    const kind = Object.keys(artifact ?? {})[0];
    return kind ? raw(artifact) : null;
  }).filter(Boolean);
}

function terminal({ command, output, exitCode = 0 }) {
  const all = text(output);
  // The end of a long output shows the result.
  const shown = all.length > MOST_OUTPUT ? `… ${(all.length - MOST_OUTPUT).toLocaleString()} characters before\n${all.slice(-MOST_OUTPUT)}` : all;
  const lines = shown.split("\n").length;
  const body = h("pre", { tabindex: "0", dir: "ltr", "aria-label": "Output" }, visible(shown));
  return h(exitCode ? "div.terminal.bad" : "div.terminal",
    h("pre.command", { dir: "ltr", tabindex: "0", "aria-label": "Command" }, visible(text(command))),
    shown && (lines > 12 ? h("details", h("summary", `${lines} lines of output`), body) : body),
    exitCode !== 0 && h("p.exit", `exit status ${exitCode}`));
}

function media({ data, mimeType }) {
  const type = text(mimeType).toLowerCase();
  const isImage = IMAGES.includes(type);
  if (!isImage && !VIDEOS.includes(type)) return h("p.quiet", `A file of type ${type.slice(0, 100) || "unknown"}, ${size(text(data).length * 0.75)}`);
  try {
    const bytes = Uint8Array.from(atob(text(data)), (character) => character.charCodeAt(0));
    const address = URL.createObjectURL(new Blob([bytes], { type }));
    if (isImage) {
      const image = h("img", { src: address, alt: "Image from Jules", loading: "lazy" });
      image.addEventListener("error", () => image.replaceWith(h("p.quiet", "An image that cannot be shown.")));
      return h("a.media", { href: address, target: "_blank", rel: "noopener" }, image);
    }
    return h("video.media", { src: address, controls: true });
  } catch {
    return h("p.quiet", "An image that cannot be read.");
  }
}

function changeSet({ gitPatch }) {
  const patch = text(gitPatch?.unidiffPatch);
  if (!patch) return null;
  const body = h("div");
  return h("details.change-set", { ontoggle: () => body.hasChildNodes() || showPatch(body, { patch, base: text(gitPatch.baseCommitId) }) },
    h("summary", `Changes so far, ${size(patch.length)}`), body);
}

function raw(value) {
  return h("details", h("summary", "As it came"), h("pre", { tabindex: "0", dir: "ltr" }, visible(JSON.stringify(value, null, 2).slice(0, MOST_OUTPUT))));
}
