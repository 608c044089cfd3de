/** Keys for both ends of a desk's socket, without files, and a server that has them. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { type Server, type Socket, createServer } from "node:net";
import type { DeskAddress } from "../../src/cli/client.ts";
import {
  type ClientCredentials,
  type ServerIdentity,
  realSocketPath,
  serverHandshake,
} from "../../src/cli/handshake.ts";
import { REQUEST_BYTES_MAX, readLines, writeLine } from "../../src/cli/ipc-protocol.ts";
import { systemIds } from "../../src/app/system.ts";
import { signerOf } from "../../src/trading/keys/operator-keys.ts";

export const DESK_ID = "d".repeat(32);

function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { sign: signerOf(privateKey), publicPem: String(publicKey.export({ type: "spki", format: "pem" })) };
}

const operator = keyPair();
const host = keyPair();
/** A key that neither the operator nor the host has. */
export const STRANGER = keyPair();

export const OPERATOR_SOCKET: ServerIdentity = {
  desk: DESK_ID,
  operatorPem: operator.publicPem,
  sign: host.sign,
  random: systemIds.random,
};
export const AGENT_SOCKET: ServerIdentity = { ...OPERATOR_SOCKET, operatorPem: undefined };

export const OPERATOR: ClientCredentials = {
  desk: DESK_ID,
  random: systemIds.random,
  key: { prover: "operator", sign: operator.sign },
  hostPem: host.publicPem,
};
/** An agent without a token. */
export const AGENT: ClientCredentials = { ...OPERATOR, key: undefined };

export function addressOf(socketPath: string, credentials: ClientCredentials = OPERATOR): DeskAddress {
  return { socketPath, credentials: () => Promise.resolve(credentials) };
}

/** A server that proves the host's key, and then gives the socket of each request line to `onRequest`. */
export async function fakeDesk(
  path: string,
  onRequest: (socket: Socket) => void,
  identity = OPERATOR_SOCKET,
): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    const handshake = serverHandshake(identity, realSocketPath(path));
    let isProven = false;
    const onLine = (line: string): void => {
      if (isProven) return onRequest(socket);
      const answer = handshake.answer(line);
      if (typeof answer === "string") return void socket.destroy();
      isProven = true;
      void writeLine(socket, answer.proof);
    };
    readLines(socket, REQUEST_BYTES_MAX, onLine, () => undefined);
    void writeLine(socket, handshake.challenge);
  });
  server.listen(path);
  await once(server, "listening");
  return server;
}
