/** What the two ends of a connection to the desk sign, so that each proves its key to the other. */
import { canonicalJson } from "../canonical-json.ts";

/** Who proves a key: the operator's client, an agent's `qoc mcp`, or the desk's own process. */
export type Prover = "operator" | "agent" | "host";

/** One connection. The nonces are random, so a proof is valid for this connection only. */
export interface ConnectionIdentity {
  /** The desk's id. */
  readonly desk: string;
  /** The real path of the socket: a proof that is relayed to another socket fails. */
  readonly socket: string;
  readonly serverNonce: string;
  readonly clientNonce: string;
}

/** The text that is signed. It starts with its purpose, so that no other signature of the same key can replace it. */
export function connectionProofText(prover: Prover, connection: ConnectionIdentity): string {
  return `qoc connection ${prover} 1\n${canonicalJson(connection)}`;
}
