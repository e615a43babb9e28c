// SPDX-License-Identifier: Apache-2.0
// Values of a session's JSON for the page. The JSON is upstream's own: any member may be missing or have an unknown value.

import { moment } from "./time.js";

const LONGEST_TITLE = 160;

/** A row: the values of a session for lists and searches. `seq` is the position in the feed up to which it is current. */
export function summary(session, seq) {
  const prompt = text(session.prompt);
  return {
    id: text(session.id) || text(session.name).replace(/^sessions\//, ""),
    seq,
    title: titleOf(session),
    search: `${text(session.title)}\n${prompt.slice(0, 4000)}\n${text(session.id)}`.toLowerCase(),
    state: text(session.state) || "STATE_UNSPECIFIED",
    repo: repositoryOf(session),
    branch: text(session.sourceContext?.githubRepoContext?.startingBranch),
    archived: session.archived === true,
    pullRequest: pullRequestOf(session),
    created: moment(session.createTime),
    updated: moment(session.updateTime),
  };
}

/** The title in one line of limited length: for some sessions it is the whole prompt. */
export function titleOf(session) {
  const line = (text(session.title) || text(session.prompt)).trim().split(/[\r\n\u2028\u2029]/, 1)[0];
  if (!line) return "Untitled session";
  return line.length > LONGEST_TITLE ? `${cut(line, LONGEST_TITLE)}…` : line;
}

/** "owner/name", or "" for a session without a repository. */
export function repositoryOf(session) {
  return text(session.sourceContext?.source).replace(/^sources\/(github\/)?/, "");
}

/** The address of the session's pull request, or null. */
export function pullRequestOf(session) {
  for (const output of list(session.outputs)) {
    const url = webAddress(output?.pullRequest?.url);
    if (url) return url;
  }
  return null;
}

/** "#17" for an address that ends in a number. */
export function pullRequestName(url) {
  const number = /\/(\d+)\/?$/.exec(url)?.[1];
  return number ? `PR #${number}` : "Pull request";
}

/** The newest patch among outputs and activities, as {patch, base, message}, or null. Change sets are cumulative. */
export function newestPatch(session, activities) {
  const sets = list(session?.outputs).map((output) => output?.changeSet);
  for (const activity of activities) for (const artifact of list(activity.artifacts)) sets.unshift(artifact?.changeSet);
  // The list now has the activities' sets before the outputs' sets, newest first. A set of an output is final.
  const outputs = list(session?.outputs).length;
  const ordered = [...sets.slice(sets.length - outputs).reverse(), ...sets.slice(0, sets.length - outputs)];
  for (const set of ordered) {
    const patch = text(set?.gitPatch?.unidiffPatch);
    if (patch) return { patch, base: text(set.gitPatch.baseCommitId), message: text(set.gitPatch.suggestedCommitMessage) };
  }
  return null;
}

/** The newest plan of some activities, or null. */
export function newestPlan(activities) {
  return activities.findLast((activity) => activity.planGenerated?.plan)?.planGenerated.plan ?? null;
}

/** The address if it is http or https, else null: a link must not run code. */
export function webAddress(value) {
  try {
    const url = new URL(value);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** The value if it is a text, else "". */
export function text(value) {
  return typeof value === "string" ? value : "";
}

/** The value if it is a list, else an empty one. */
export function list(value) {
  return Array.isArray(value) ? value : [];
}

/** The first `length` code units, without half of a surrogate pair at the end. */
export function cut(value, length) {
  const end = /[\uD800-\uDBFF]/.test(value[length - 1] ?? "") ? length - 1 : length;
  return value.slice(0, end);
}
