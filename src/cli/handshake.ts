/**
 * The first lines of a connection, before any request: the server sends a nonce, the client proves its key, and the
 * server proves the desk's. A request is sent and read only after both proofs.
 */
import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ConnectionIdentity, type Prover, connectionProofText } from "../domain/authority/connection-proof.ts";
import { membersOf, tryParseJson } from "../lib/json.ts";
import { type Signer, verifySignature } from "../trading/keys/operator-keys.ts";

/** The longest line of a handshake, in bytes. */
export const HANDSHAKE_BYTES_MAX = 2_048;
/** A connection whose handshake, or whose first request, takes longer is closed. */
export const HANDSHAKE_MS = 5_000;

const NONCE_BYTES = 32;
const PROTOCOL = 1;

const NONCE = /^[0-9a-f]{64}$/;
/** An Ed25519 signature in base64. */
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;
const PEM_CHARS_MAX = 300;

interface ClientProof {
  readonly nonce: string;
  readonly signature: string | undefined;
  /** The public half of an agent's key. */
  readonly publicPem: string | undefined;
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

/** Not by a schema, since every command starts here. */
function parseClientProof(line: string): ClientProof | undefined {
  const { nonce, signature, publicPem } = membersOf(tryParseJson(line));
  if (!matches(nonce, NONCE) || !(signature === undefined || matches(signature, SIGNATURE))) return undefined;
  const isKey = publicPem === undefined || (typeof publicPem === "string" && publicPem.length <= PEM_CHARS_MAX);
  return isKey ? { nonce, signature, publicPem } : undefined;
}

/** The client of a connection, after its proof. */
export interface ProvenClient {
  /** The public half of the key that an agent proved; undefined for an agent without a token, and for the operator. */
  readonly publicPem?: string | undefined;
}

export interface ServerIdentity {
  /** The desk's id. */
  readonly desk: string;
  /** The key that each client must prove; undefined: clients are agents, who prove the key of their token, or none. */
  readonly operatorPem: string | undefined;
  /** Signs with the host's key. */
  readonly sign: Signer;
  /** Returns random bytes as hexadecimal text. */
  readonly random: (bytes: number) => string;
}

/** The server's side of one handshake. */
export interface ServerHandshake {
  /** The server's first line. */
  readonly challenge: object;
  /** Checks the client's line. Returns the client and the server's proof, or the reason for a refusal. */
  answer(line: string): { readonly client: ProvenClient; readonly proof: object } | string;
}

/** @param socket the real path of the socket. */
export function serverHandshake({ desk, operatorPem, sign, random }: ServerIdentity, socket: string): ServerHandshake {
  const nonce = random(NONCE_BYTES);
  return {
    challenge: { protocol: PROTOCOL, nonce },
    answer: (line) => {
      const proof = parseClientProof(line);
      if (proof === undefined) return "its first line is not a proof";
      const { signature, publicPem, nonce: clientNonce } = proof;
      const connection = { desk, socket, serverNonce: nonce, clientNonce };
      const isProven =
        operatorPem === undefined
          ? isAgentProof(connection, publicPem, signature)
          : publicPem === undefined && isProof("operator", connection, { publicPem: operatorPem, signature });
      if (!isProven) return "its signature is wrong";
      return { client: { publicPem }, proof: { signature: sign(connectionProofText("host", connection)) } };
    },
  };
}

function isAgentProof(connection: ConnectionIdentity, publicPem?: string, signature?: string): boolean {
  if (publicPem === undefined) return signature === undefined;
  return isProof("agent", connection, { publicPem, signature });
}

interface SignedBy {
  readonly publicPem: string;
  readonly signature: string | undefined;
}

function isProof(prover: Prover, connection: ConnectionIdentity, { publicPem, signature }: SignedBy): boolean {
  if (signature === undefined) return false;
  try {
    return verifySignature(publicPem, connectionProofText(prover, connection), signature);
  } catch {
    // Text of an agent that is not a key.
    return false;
  }
}

/** What a client proves, and what it checks of the desk. */
export interface ClientCredentials {
  /** The desk's id. */
  readonly desk: string;
  readonly random: (bytes: number) => string;
  /** Undefined for an agent without a token. */
  readonly key:
    | { readonly prover: Exclude<Prover, "host">; readonly publicPem?: string | undefined; readonly sign: Signer }
    | undefined;
  /** The host's public key, certified by the desk's key; undefined if this process cannot read it. */
  readonly hostPem: string | undefined;
}

/** The client's side of one handshake. */
export interface ClientHandshake {
  /** The client's line. */
  readonly proof: object;
  /** Whether the server's next line proves the host's key. */
  isHost(line: string): boolean;
}

/** Returns undefined if the line is not a challenge. */
export function clientHandshake(
  challenge: string,
  socket: string,
  { desk, random, key, hostPem }: ClientCredentials,
): ClientHandshake | undefined {
  const { protocol, nonce } = membersOf(tryParseJson(challenge));
  if (protocol !== PROTOCOL || !matches(nonce, NONCE)) return undefined;
  const connection = { desk, socket, serverNonce: nonce, clientNonce: random(NONCE_BYTES) };
  return {
    proof: {
      nonce: connection.clientNonce,
      signature: key?.sign(connectionProofText(key.prover, connection)),
      publicPem: key?.publicPem,
    },
    isHost: (line) => {
      const { signature } = membersOf(tryParseJson(line));
      if (!matches(signature, SIGNATURE)) return false;
      return hostPem === undefined || isProof("host", connection, { publicPem: hostPem, signature });
    },
  };
}

/** The path that both ends sign: the same for a client that reaches the folder by a symbolic link. */
export function realSocketPath(path: string): string {
  return join(realpathSync(dirname(path)), basename(path));
}
