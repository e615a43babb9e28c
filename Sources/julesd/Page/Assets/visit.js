// SPDX-License-Identifier: Apache-2.0
// What changed since the last visit: stores the position of the feed when the page was last left.

const KEY = "julesd.visit";
const MOST_PAGES = 4;

export class ChangesSince {
  constructor() {
    this.last = readLast();
    /** When the last visit ended, or null. */
    this.at = this.last?.at ?? null;
    /** Whether some of the changes since then are no longer kept, or are too many. */
    this.partial = false;
  }

  /** The changes from the last visit up to `head`, newest first. */
  async read(api, epoch, head) {
    if (!this.last) return [];
    if (this.last.epoch !== epoch) {
      this.partial = true;
      return [];
    }
    const changes = [];
    let since = this.last.seq;
    for (let page = 0; since < head; page += 1) {
      if (page === MOST_PAGES) {
        this.partial = true;
        break;
      }
      const answer = await api.get(`/api/deltas?since=${since}&epoch=${encodeURIComponent(epoch)}&limit=500`);
      if (answer.gap) this.partial = true;
      changes.push(...answer.deltas.filter((delta) => delta.seq <= head));
      if (answer.nextSince <= since) break;
      since = answer.nextSince;
    }
    return changes.reverse();
  }

  /** Records that the user could see everything up to `seq`. */
  note(epoch, seq) {
    localStorage.setItem(KEY, JSON.stringify({ epoch, seq, at: Date.now() }));
  }
}

function readLast() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}
