// SPDX-License-Identifier: Apache-2.0
// Stores the token: for the tab, or on request for the browser.

const KEY = "julesd.token";

/** The stored token, or null. */
export function readToken() {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
}

/** Stores a token that has been accepted. */
export function keepToken(token, remember) {
  forgetToken();
  (remember ? localStorage : sessionStorage).setItem(KEY, token);
}

/** Deletes the token in both places. */
export function forgetToken() {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

/** A name for one request of a person, so that a repetition does it once. Works over plain HTTP, unlike randomUUID. */
export function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
