// What the documentation of socket.io shows for a broadcast, over WebSockets alone.

import { Server } from "socket.io";

import { listen, publisher } from "./publish.js";

const server = publisher((text) => io.emit("m", text));
const io = new Server(server, { transports: ["websocket"] });
listen(server, "socket.io");
