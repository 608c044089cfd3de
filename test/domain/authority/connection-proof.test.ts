/** Every text that a key signs starts with its purpose, so that no signature passes for another. */
import { describe, expect, it } from "vitest";
import { boundaryText, certificateText, statementText } from "../../../src/domain/authority/authority.ts";
import { connectionProofText } from "../../../src/domain/authority/connection-proof.ts";

const CONNECTION = { desk: "d", socket: "/run/desk.sock", serverNonce: "1", clientNonce: "2" };

describe("the text of a proof", () => {
  it("has another first line for each prover, and none of another purpose", () => {
    const texts = [
      connectionProofText("operator", CONNECTION),
      connectionProofText("agent", CONNECTION),
      connectionProofText("host", CONNECTION),
      certificateText("d", "host", "pem"),
      boundaryText({ from: 1, to: 2, lastSeq: 3, lastHash: "h" }),
      statementText({} as never),
    ];
    const purposes = texts.map((text) => text.split("\n")[0]);
    expect(new Set(purposes).size).toBe(texts.length);
    for (const purpose of purposes) expect(purpose).toMatch(/^qoc [a-z ]+ 1$/);
  });

  it("names the desk, the socket and both nonces", () => {
    for (const member of ["desk", "socket", "serverNonce", "clientNonce"] as const) {
      const changed = { ...CONNECTION, [member]: "other" };
      expect(connectionProofText("host", changed)).not.toBe(connectionProofText("host", CONNECTION));
    }
  });
});
