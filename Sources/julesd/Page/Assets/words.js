// SPDX-License-Identifier: Apache-2.0
// The words for states, reasons and changes. The style sheet colours tones.

import { pullRequestOf } from "./session.js";

const STATES = {
  QUEUED: ["Queued", "quiet"],
  PLANNING: ["Planning", "busy"],
  AWAITING_PLAN_APPROVAL: ["Plan to approve", "waits"],
  AWAITING_USER_FEEDBACK: ["Asks a question", "waits"],
  IN_PROGRESS: ["At work", "busy"],
  PAUSED: ["Paused", "quiet"],
  COMPLETED: ["Completed", "good"],
  FAILED: ["Failed", "bad"],
  STATE_UNSPECIFIED: ["No state", "quiet"],
};

// The sentences are those of Wording/DeltaWording.swift, which chat hooks and the journal use. A test compares them.
const REASONS = {
  plan: ["Plan to approve", "waits", "A plan waits for your approval."],
  question: ["Asks a question", "waits", "Jules waits for your answer."],
  stalled: ["Stalled", "waits", "Nothing has been heard of the agent for 15 minutes."],
  expired: ["Plan expired", "bad", "The plan has expired: nobody approved it in time."],
  failed: ["Failed", "bad", "Failed: see what went wrong."],
  asked: ["Ended on a question", "waits", "Ended on a question that nobody answered."],
};

/** The order of states in the filter; unknown ones follow. */
export const STATE_ORDER = Object.keys(STATES);

/** A state as {label, tone}. An unknown one is shown by its name. */
export function stateWords(state) {
  const [label, tone] = STATES[state] ?? [plain(state), "quiet"];
  return { label, tone };
}

/** Why a session waits for a person, as {label, tone}. */
export function reasonWords(reason) {
  const [label, tone] = REASONS[reason] ?? [plain(reason), "waits"];
  return { label, tone };
}

/** The label of a session: the reason why it waits, if there is one, else its state. */
export function shownWords(row, item) {
  return item ? reasonWords(item.reason) : stateWords(row.state);
}

/** One change in a sentence. */
export function changeWords({ before, after, changeType, attention }) {
  if (changeType === "deleted") return "The session was deleted.";
  if (REASONS[attention]) return REASONS[attention][2];
  const hasRequest = Boolean(after && pullRequestOf(after));
  if (before?.state !== after?.state) {
    switch (after?.state) {
      case "AWAITING_PLAN_APPROVAL": return REASONS.plan[2];
      case "AWAITING_USER_FEEDBACK": return REASONS.question[2];
      case "COMPLETED": return hasRequest ? "Completed: a pull request is ready for review." : "Completed.";
      case "PLANNING": return "A plan is being made.";
      case "STATE_UNSPECIFIED": case undefined: return "Changed.";
      default: return STATES[after.state] ? `${STATES[after.state][0]}.` : `Now ${after.state.slice(0, 60)}.`;
    }
  }
  // The state is not new: to repeat it would look like news.
  if (after?.archived && !before?.archived) return "Archived.";
  if (before?.archived && !after?.archived) return "No longer archived.";
  return hasRequest && !pullRequestOf(before ?? {}) ? "A pull request is ready for review." : "Changed.";
}

/** The tone of a change. */
export function changeTone(delta) {
  if (REASONS[delta.attention]) return REASONS[delta.attention][1];
  return delta.changeType === "deleted" ? "quiet" : stateWords(delta.after?.state).tone;
}

/** "1 session", "12 sessions". */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

/** A size in bytes, for people. */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function plain(name) {
  const words = String(name ?? "").replaceAll("_", " ").toLowerCase().slice(0, 60);
  return words ? words[0].toUpperCase() + words.slice(1) : "Unknown";
}
