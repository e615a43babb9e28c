// SPDX-License-Identifier: Apache-2.0

// Pushes what is posted to /publish to all WebSocket clients, by Node's `ws`.
"use strict";
const http = require("http");
const { WebSocketServer } = require("ws");

const server = http.createServer((request, answer) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const body = Buffer.concat(pieces);
    for (const client of clients.clients) client.send(body, { binary: false });
    answer.writeHead(202, { "Content-Length": 0 }).end();
  });
});
const clients = new WebSocketServer({ server, path: "/ws", perMessageDeflate: false });
clients.on("connection", (client) => client.on("error", () => {}));
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
