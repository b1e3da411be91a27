// What both servers share: an HTTP server that takes messages at /publish, and says where it is.

import { createServer } from "node:http";

/** How many connections may wait to be accepted. */
const BACKLOG = 4096;

/** Answers a server that hands each body posted to /publish to `send`. */
export function publisher(send) {
  return createServer(async (request, response) => {
    if (request.method !== "POST" || request.url !== "/publish") {
      response.writeHead(404).end();
      return;
    }
    let text = "";
    request.setEncoding("utf8");
    for await (const part of request) text += part;
    send(text);
    response.writeHead(204).end();
  });
}

/** Listens on 127.0.0.1, at $PORT or a free one. */
export function listen(server, name) {
  server.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0), backlog: BACKLOG }, () => {
    console.log(`${name} is at http://127.0.0.1:${server.address().port}`);
  });
}
