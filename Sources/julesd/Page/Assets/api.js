// SPDX-License-Identifier: Apache-2.0
// julesd's HTTP API.

import { freshKey } from "./credentials.js";

/** An error answer, or a request without an answer. */
export class ApiError extends Error {
  /** `status` is 0 if there was no answer. */
  constructor(status, body, retryAfter) {
    super(body?.message ?? (status ? `The daemon answered ${status}.` : "The daemon does not answer."));
    this.status = status;
    this.code = body?.error ?? (status ? "error" : "unreachable");
    this.details = body?.details ?? [];
    this.detail = body?.detail;
    this.retry = body?.retry === true;
    /** Seconds to wait, or undefined. */
    this.retryAfter = retryAfter;
  }

  /** One sentence for a person. If the code is known, it says what to do. */
  get text() {
    const fields = this.details.map(({ field, message }) => `${field} ${message}`).join("; ");
    switch (this.code) {
      case "unreachable": return "julesd does not answer. Is it running?";
      case "jules_unavailable": return "Jules cannot be reached at the moment.";
      case "jules_timeout": return "Jules did not answer in time.";
      case "jules_auth_failed": return "The daemon's API key does not work with Jules.";
      default: return fields ? `${this.message} ${fields}.` : this.message;
    }
  }
}

const TIMEOUT = 30_000;

export class Api {
  /**
   * `limited` is called with the time (milliseconds since 1970) until which the daemon accepts no more reads; `refused` is
   * called when the token is no longer accepted.
   */
  constructor(token, { limited = () => {}, refused = () => {} } = {}) {
    this.token = token;
    this.limited = limited;
    this.refused = refused;
    this.ended = new AbortController();
  }

  /** Cancels all requests in progress. */
  close() {
    this.ended.abort();
  }

  /** Reads. If the daemon limits requests, waits as long as it asks and tries again. */
  async get(path, { patient = true } = {}) {
    for (;;) {
      try {
        return await this.#ask("GET", path);
      } catch (error) {
        if (!(patient && error.status === 429 && error.code === "rate_limited")) throw error;
        const wait = Math.min(error.retryAfter ?? 5, 60) * 1000;
        this.limited(Date.now() + wait);
        await this.#pause(wait);
      }
    }
  }

  post(path, body) {
    return this.#ask("POST", path, body);
  }

  /**
   * Makes a request that must not be done twice. If the answer is lost, sends the request again under the same key.
   */
  async once(path, body, key = freshKey()) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#ask("POST", path, body, { "Idempotency-Key": key });
      } catch (error) {
        if (error.status !== 0 || attempt === 3) throw error;
        await this.#pause(attempt * 1000);
      }
    }
  }

  patch(path, body) {
    return this.#ask("PATCH", path, body);
  }

  delete(path) {
    return this.#ask("DELETE", path);
  }

  async #ask(method, path, body, headers = {}) {
    const options = {
      method,
      // Nothing of the sessions must stay in the browser's cache after signing out.
      cache: "no-store",
      headers: { Authorization: `Bearer ${this.token}`, ...headers },
      // The daemon may take 30 s for a bulk request, and an upstream call three times its time-out.
      signal: AbortSignal.any([this.ended.signal, AbortSignal.timeout(method === "GET" ? TIMEOUT : 3 * TIMEOUT)]),
    };
    if (body !== undefined) {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let answer;
    let text;
    try {
      answer = await fetch(path, options);
      text = await answer.text();
    } catch (error) {
      if (this.ended.signal.aborted) throw error;
      throw new ApiError(0);
    }
    const json = parse(text);
    if (answer.ok) return json;
    const seconds = Number.parseFloat(answer.headers.get("Retry-After"));
    if (answer.status === 401) this.refused();
    throw new ApiError(answer.status, json, Number.isFinite(seconds) ? seconds : undefined);
  }

  #pause(milliseconds) {
    return new Promise((resume, stop) => {
      const timer = setTimeout(resume, milliseconds);
      this.ended.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        stop(this.ended.signal.reason);
      }, { once: true });
    });
  }
}

function parse(text) {
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The path of a session, or of a resource below it. */
export function sessionPath(id, rest = "") {
  return `/api/sessions/${encodeURIComponent(id)}${rest}`;
}
