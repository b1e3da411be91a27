// The loop that the documentation of ws shows for a broadcast.

import { WebSocket, WebSocketServer } from "ws";

import { listen, publisher } from "./publish.js";

const server = publisher((text) => {
  for (const client of sockets.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(text);
  }
});
const sockets = new WebSocketServer({ server, path: "/sub", perMessageDeflate: false });
listen(server, "ws");
