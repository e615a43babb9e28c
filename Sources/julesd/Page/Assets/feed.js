// SPDX-License-Identifier: Apache-2.0
// The feed of changes over a WebSocket, which resumes after each interruption.

const SILENCE = 25_000;
const PATIENCE = 10_000;

/**
 * Follows `/ws` until it is stopped. `query` returns the parameters of each attempt, such as where to resume. `heard` is
 * called with every message, `turned` with every change of state: "connecting", "live" or "waiting" (with the time of the
 * next attempt). `failed` is called after each connection that ended.
 */
export class Feed {
  constructor({ token, query, heard, turned = () => {}, failed = () => {} }) {
    Object.assign(this, { token, query, heard, turned, failed });
    this.failures = 0;
  }

  start() {
    this.stopped = false;
    this.retryNow = () => this.#retryNow();
    addEventListener("online", this.retryNow);
    document.addEventListener("visibilitychange", this.retryNow);
    this.#connect();
  }

  stop() {
    this.stopped = true;
    removeEventListener("online", this.retryNow);
    document.removeEventListener("visibilitychange", this.retryNow);
    clearTimeout(this.timer);
    this.#drop();
  }

  /** Tries again at once, if it waits for the next attempt. */
  tryNow() {
    if (!this.timer || this.stopped) return;
    this.failures = 0;
    this.#connect();
  }

  #retryNow() {
    if (document.visibilityState === "visible") this.tryNow();
  }

  #connect() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.turned({ kind: "connecting" });
    let channel;
    const events = {
      message: (message) => channel === this.channel && this.#heard(message),
      ended: () => channel === this.channel && this.#lost(),
    };
    channel = this.channel = isSubprotocol(this.token)
      ? new SocketChannel(this.token, this.query(), events)
      : new StreamChannel(this.token, this.query(), events);
    this.#expectWithin(PATIENCE + SILENCE);
  }

  #heard(message) {
    this.#expectWithin(SILENCE);
    if (message.type === "hello") {
      this.failures = 0;
      this.turned({ kind: "live" });
    }
    this.heard(message);
  }

  /** A connection whose other end has gone shows no error, so it is tested with a ping, and closed if no answer comes. */
  #expectWithin(milliseconds) {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.channel?.ask();
      this.silence = setTimeout(() => this.#lost(), PATIENCE);
    }, milliseconds);
  }

  #lost() {
    this.#drop();
    if (this.stopped) return;
    const pause = Math.min(15_000, 500 * 2 ** this.failures) * (0.5 + Math.random() / 2);
    this.failures = Math.min(this.failures + 1, 10);
    this.turned({ kind: "waiting", until: Date.now() + pause });
    this.timer = setTimeout(() => this.#connect(), pause);
    this.failed();
  }

  #drop() {
    clearTimeout(this.silence);
    const channel = this.channel;
    this.channel = undefined;
    channel?.close();
  }
}

/** Whether browsers can send the token in a WebSocket's subprotocol, which is a token of RFC 9110 §5.6.2. */
function isSubprotocol(token) {
  return /^[!#$%&'*+\-.^_\x60|~0-9A-Za-z]+$/.test(token);
}

class SocketChannel {
  constructor(token, query, { message, ended }) {
    const address = new URL(`/ws?${query}`, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(address, [`bearer.${token}`]);
    this.socket.onmessage = ({ data }) => message(JSON.parse(data));
    this.socket.onclose = ended;
  }

  ask() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send('{"type":"ping"}');
  }

  close() {
    this.socket.onclose = this.socket.onmessage = null;
    this.socket.close();
  }
}

/** The same messages as Server-Sent Events, for a token that a subprotocol cannot carry: fetch can send it in a header. */
class StreamChannel {
  constructor(token, query, events) {
    this.end = new AbortController();
    this.#read(token, query, events).catch(() => {}).finally(events.ended);
  }

  async #read(token, query, { message }) {
    const answer = await fetch(`/api/events?${query}`, {
      cache: "no-store", signal: this.end.signal, headers: { Authorization: `Bearer ${token}` },
    });
    if (!answer.ok) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) {
        const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
        // A comment comes every 15 s, and shows that the stream works.
        message(data ? JSON.parse(data) : { type: "comment" });
      }
    }
  }

  ask() {}

  close() {
    this.end.abort();
  }
}
