// SPDX-License-Identifier: Apache-2.0
// Times for people: "3 min ago", with the exact time in the reader's own zone beside it.

import { h, setText } from "./dom.js";

const exactForm = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const clockForm = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const dayForm = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/** A duration in its largest unit: "5 s", "3 min", "2 h", "4 d". */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** How long ago a time was, or how long until it; or its date if that is more than 30 days. */
export function ago(moment, now = Date.now()) {
  const age = now - moment;
  if (Math.abs(age) < 10_000) return "just now";
  if (Math.abs(age) > 30 * 86_400_000) return dayForm.format(moment);
  if (age < 0) return `in ${span(-age)}`;
  return `${span(age)} ago`;
}

/** The exact time in the reader's zone. */
export function exact(moment) {
  return exactForm.format(moment);
}

/** The time of day. */
export function clock(moment) {
  return clockForm.format(moment);
}

/** The time (milliseconds since 1970) of an RFC 3339 timestamp; NaN if there is none. */
export function moment(timestamp) {
  return timestamp ? Date.parse(timestamp) : NaN;
}

/** A time element that updates itself. An unknown time shows nothing. */
export function timeElement(at) {
  const element = h("time");
  setTime(element, at);
  return element;
}

/** Changes the time that a time element shows. */
export function setTime(element, at) {
  if (element.moment === at) return;
  element.moment = at;
  if (Number.isNaN(at)) {
    setText(element, "");
    return;
  }
  element.dateTime = new Date(at).toISOString();
  element.title = exact(at);
  setText(element, ago(at));
}

/** Updates all shown times. Called by a timer. */
export function renewTimes(root = document) {
  const now = Date.now();
  for (const element of root.querySelectorAll("time")) {
    if (!Number.isNaN(element.moment ?? NaN)) setText(element, ago(element.moment, now));
  }
}
