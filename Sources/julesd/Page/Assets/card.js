// SPDX-License-Identifier: Apache-2.0
// A session that waits for a person, with the possible actions. Shown in the inbox and above the session itself.

import { planSteps } from "./activity.js";
import { fill, freshId, h, keyed, setText } from "./dom.js";
import { list, repositoryOf, text, titleOf } from "./session.js";
import { prose } from "./text.js";
import { moment, timeElement } from "./time.js";
import { reasonWords } from "./words.js";
import { newLink, sessionLink } from "./router.js";
import { Writer } from "./writer.js";

const STEPS_IN_INBOX = 6;

/** Which items are the same card: a newer plan or question, or more data about it, makes a new card. */
function cardKey(item) {
  return [item.sessionId, item.reason, item.since, item.planId ?? item.question ?? "", typeof item.planSteps?.[0]].join("\n");
}

/** Shows the cards of `items` in `parent`. Whoever writes in a card goes on in the new one that takes its place. */
export function showCards(parent, items, app, { whole = false } = {}) {
  const area = document.activeElement;
  const written = area.localName === "textarea" && parent.contains(area) && area.closest(".card").dataset.id;
  keyed(parent, items, cardKey, (item) => card(item, app, whole), (node, item) => renew(node, item, app));
  if (!written || area.isConnected) return;
  const successor = [...parent.children].find((node) => node.dataset.id === written);
  if (act(successor, "reply")) document.activeElement.setSelectionRange(area.selectionStart, area.selectionEnd);
}

function card(item, app, whole) {
  const { sessionId: id, reason, session = {} } = item;
  const heading = freshId("card");
  const words = reasonWords(reason);
  const row = app.store.sessions.get(id);
  const repository = row?.repo || repositoryOf(session);
  const element = h("article.card", { tabindex: whole ? null : "-1", "aria-labelledby": heading, "data-id": id, "data-reason": reason },
    h("div.card-head",
      h(`span.chip.${words.tone}`, words.label),
      !whole && repository && h("bdi.repo", repository),
      h("span.spacer"), timeElement(moment(item.since))),
    whole ? h("h2.offscreen", { id: heading }, words.label)
      : h("h2", { id: heading, dir: "auto" }, h("a", { href: sessionLink(id) }, row?.title ?? titleOf(session))),
    content(item, app, whole),
    h("p.trouble", { role: "alert", hidden: true }),
    form(item, app));
  return element;
}

function renew(node, item, app) {
  const trouble = app.store.troubles.get(item.sessionId) ?? "";
  const element = node.querySelector(":scope > .trouble");
  element.hidden = !trouble;
  setText(element, trouble);
}

function content(item, app, whole) {
  switch (item.reason) {
    case "plan":
      return item.planId ? planSteps(list(item.planSteps), whole ? Infinity : STEPS_IN_INBOX) : h("p.quiet", "The plan is being read…");
    case "question": return quote(item.question, "The question is being read…");
    case "asked": return quote(item.question, "Jules ended it on a question.");
    case "failed": return whole ? null : failure(item.sessionId, app);
    case "stalled": return h("p", "It is marked as at work, but Jules has not been heard of for 15 minutes.");
    case "expired": return h("p", "It ended, because nobody approved its plan in time. Nothing was changed.");
    default: return null;
  }
}

function quote(value, otherwise) {
  return text(value) ? h("blockquote", prose(value)) : h("p", otherwise);
}

/** Why a session failed. Only its activities say it; they are read when the card comes into view. */
function failure(id, app) {
  const place = h("div", h("p.quiet", "Jules ended it as failed."));
  new IntersectionObserver(async ([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    try {
      const reason = await app.live.failureOf(id);
      if (reason) fill(place, quote(reason));
    } catch {
      // The view of the session itself shows more.
    }
  }).observe(place);
  return place;
}

/** The buttons of a reason, and a text field if writing helps. */
function form({ sessionId: id, reason, planId }, app) {
  const { actions } = app;
  const asks = reason === "question" || reason === "asked";
  const writer = new Writer(`answer.${id}`, (message) => actions.message(id, message), {
    label: asks ? "Your answer" : reason === "plan" ? "What should change?" : "Message to Jules",
    placeholder: reason === "asked" ? "Your answer sets it to work again" : undefined,
  });
  const answer = h("div.answer", { hidden: !asks && !writer.area.value }, writer.area, !asks && h("button", { type: "submit" }, "Send"));
  const element = h("form.actions", { onsubmit: writer.submit }, answer, h("div.buttons",
    asks && h("button.primary", { type: "submit" }, "Send"),
    reason === "plan" && h("button.primary", { "data-action": "approve", disabled: !planId, onclick: () => actions.approve(id, planId) }, "Approve"),
    !asks && h("button", { onclick: () => element.write() }, reason === "plan" ? "Ask for changes" : "Write"),
    ["failed", "expired"].includes(reason) && h("a.button", { href: newLink(id) }, "Start again"),
    h("button.quiet", { "data-action": "acknowledge", onclick: () => actions.acknowledge(id) }, "Acknowledge")));
  element.write = () => {
    answer.hidden = false;
    writer.area.focus();
  };
  return element;
}

/** Acts on a key as if its button were pressed. Returns whether there is such a button. */
export function act(card, action) {
  if (action === "reply") {
    card?.querySelector("form.actions")?.write();
    return Boolean(card);
  }
  const button = card?.querySelector(`[data-action=${action}]`);
  button?.click();
  return Boolean(button);
}
