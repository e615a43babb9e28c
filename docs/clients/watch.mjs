#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Prints every change of every session as it happens, one line each. After a disconnect it resumes.
//
// usage: watch.mjs http://HOST:PORT [TOKEN]      (default token: LOCAL_TOKEN; needs Node 18 or newer, no packages)
import { setTimeout as sleep } from "node:timers/promises";

const [base, token = process.env.LOCAL_TOKEN] = process.argv.slice(2);
if (!base || !token) {
  console.error("usage: watch.mjs http://HOST:PORT [TOKEN]");
  process.exit(64);
}

let cursor; // The last seq and epoch that were printed.
let epoch; // The epoch of this connection.

for (;;) {
  try {
    const query = cursor ? `?since=${cursor.seq}&epoch=${cursor.epoch}` : "";
    for await (const message of messages(`/api/events${query}`)) await take(message);
    console.error("disconnected");
  } catch (error) {
    console.error(`disconnected: ${error.cause?.message ?? error.message}`);
  }
  await sleep(2000);
}

async function take(message) {
  switch (message.type) {
    case "hello":
      console.log(`connected, seq ${message.seq}`);
      epoch = message.epoch;
      cursor ??= { seq: message.seq, epoch };
      break;
    case "gap":
      console.log(`changes up to ${message.to} are gone; the newest sessions as they are now:`);
      for (const session of (await (await get("/api/sessions?limit=500")).json()).sessions)
        console.log(`session ${session.id} ${session.state}`);
      cursor = { seq: message.to, epoch };
      break;
    case "session_update":
      message.delta.forEach(show);
      cursor.seq = message.seq;
  }
}

function show({ seq, changeType, id, before, after }) {
  const states = new Set([before?.state, after?.state].filter(Boolean));
  const title = (after?.title ?? before?.title ?? "").split("\n")[0].slice(0, 60);
  console.log(`${seq} ${changeType} ${id} ${[...states].join(" -> ")} ${title}`);
}

async function get(path, signal) {
  const response = await fetch(base + path, { headers: { authorization: `Bearer ${token}` }, signal });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}

// The messages of an event stream. It sends something every 15 s; silence means that the connection is dead.
async function* messages(path) {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error("silence")), 45_000);
  try {
    let text = "";
    const response = await get(path, silence.signal);
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      const events = (text + chunk).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = event.split("\n").filter((line) => line.startsWith("data:"));
        if (data.length) yield JSON.parse(data.map((line) => line.slice(5)).join("\n"));
      }
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
