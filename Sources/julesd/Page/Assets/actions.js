// SPDX-License-Identifier: Apache-2.0
// The actions of a person. Each changes the page at once, and if it fails, undoes the change and shows the reason.

import { sessionPath } from "./api.js";
import { confirm } from "./dialog.js";
import { say } from "./toast.js";
import { count } from "./words.js";

const MOST_AT_ONCE = 500;

export class Actions {
  constructor(api, store, live) {
    Object.assign(this, { api, store, live });
  }

  /** Approves the plan that was shown, and no other. Returns whether it worked. */
  approve(id, planId) {
    return this.#deal(id, "Approved", async () => {
      await this.api.once(sessionPath(id, "/approve"), { state: "approved", planId });
    }, (error) => (error.status === 409 ? "The plan has changed since you read it. This is the new one." : null));
  }

  /** Sends a message, which also answers a question or asks for another plan. */
  message(id, text, key) {
    return this.#deal(id, "Sent", () => this.api.once(sessionPath(id, "/message"), { message: text }, key));
  }

  /** Removes a session's item from the inbox until there is a newer reason. */
  acknowledge(id) {
    return this.#deal(id, "Acknowledged", async () => {
      try {
        await this.api.post(sessionPath(id, "/acknowledge"));
      } catch (error) {
        // Somebody else has handled it.
        if (error.status !== 409) throw error;
      }
    });
  }

  archive(ids) { return this.#bulk("archive", ids, "archived"); }

  unarchive(ids) { return this.#bulk("unarchive", ids, "taken out of the archive"); }

  acknowledgeAll(ids) { return this.#bulk("acknowledge", ids, "acknowledged"); }

  /** Deletes after asking. Returns whether anything was deleted. */
  async delete(ids) {
    const rows = ids.map((id) => this.store.sessions.get(id)).filter(Boolean);
    const busy = rows.filter((row) => !["COMPLETED", "FAILED"].includes(row.state)).length;
    const one = ids.length === 1 ? rows[0]?.title ?? ids[0] : null;
    const agreed = await confirm(one ? "Delete this session?" : `Delete ${count(ids.length, "session")}?`, [
      one && `“${one}”`,
      "This cannot be undone: Jules deletes plans, messages and changes for good. Pull requests stay where they are.",
      busy > 0 && (one ? "It is not finished; its work stops."
        : `${count(busy, "session")} of them ${busy === 1 ? "is" : "are"} not finished; that work stops.`),
      "To put something away and keep it, archive it.",
    ].filter(Boolean), { yes: one ? "Delete" : `Delete ${count(ids.length, "session")}`, dangerous: true });
    return agreed && this.#bulk("delete", ids, "deleted");
  }

  /** Archives, after asking if this would stop work. */
  async archiveCarefully(ids) {
    const busy = ids.map((id) => this.store.sessions.get(id))
      .filter((row) => row && !["COMPLETED", "FAILED"].includes(row.state)).length;
    if (busy > 0) {
      const agreed = await confirm(`Archive ${count(ids.length, "session")}?`, [
        `${count(busy, "session")} of them ${busy === 1 ? "is" : "are"} not finished. Archiving stops that work for good; `
        + "taking it out of the archive does not resume it.",
      ], { yes: "Archive and stop" });
      if (!agreed) return false;
    }
    return this.archive(ids);
  }

  /** Hides the session's item, acts, and shows the item again with the error if the action fails. */
  async #deal(id, done, act, explain = () => null) {
    const item = this.store.inbox.get(id);
    this.store.troubles.delete(id);
    if (item) this.store.inbox.hide(item);
    this.store.note("inbox", "sessions");
    try {
      await act();
      say(done);
      return true;
    } catch (error) {
      const text = explain(error) ?? error.text ?? String(error);
      this.store.troubles.set(id, text);
      if (item) {
        // If this item is out of date, a newer one will come.
        if (error.status === 409) await this.live.readInbox();
        this.store.inbox.show(item);
      }
      this.store.note("inbox", "sessions");
      say(text, { trouble: true });
      return false;
    } finally {
      this.live.refreshInbox();
    }
  }

  /** Acts on many sessions, as many at once as the daemon accepts, and continues with those that it had no time for. */
  async #bulk(action, ids, done) {
    const items = ids.map((id) => this.store.inbox.get(id)).filter(Boolean);
    if (action !== "unarchive") items.forEach((item) => this.store.inbox.hide(item));
    this.store.note("inbox", "sessions");
    const failed = [];
    let left = ids;
    let error = null;
    while (left.length > 0 && !error) {
      try {
        const { results } = await this.api.post("/api/sessions/bulk", { action, ids: left.slice(0, MOST_AT_ONCE) });
        const later = results.filter((result) => !result.ok && result.retry && result.error === "overloaded");
        failed.push(...results.filter((result) => !result.ok && !later.includes(result)));
        const rest = left.slice(MOST_AT_ONCE);
        if (later.length === results.length) error = { text: "The daemon has no budget left for now." };
        left = [...later.map((result) => result.id), ...rest];
      } catch (caught) {
        error = caught;
      }
    }
    const missed = new Set([...left, ...failed.map((result) => result.id)]);
    items.filter((item) => missed.has(item.sessionId)).forEach((item) => this.store.inbox.show(item));
    this.store.note("inbox", "sessions");
    this.live.refreshInbox();
    const worked = ids.length - missed.size;
    if (worked > 0) say(`${count(worked, "session")} ${done}`);
    if (missed.size > 0) {
      const why = error?.text ?? failed[0]?.message ?? "";
      say(`${count(missed.size, "session")} not ${done}. ${why}`, { trouble: true });
    }
    return worked > 0;
  }
}
