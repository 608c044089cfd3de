/** Verifies signatures in a thread of Node's pool, beside other work: one takes as long as all guards together. */
import { LruMap } from "../../lib/lru-map.ts";
import { verifyBeside, verifySignature } from "./operator-keys.ts";

const BEGUN_KEPT = 16;

/** All that the result depends on. */
export interface SignedText {
  readonly pem: string;
  readonly text: string;
  readonly signature: string;
}

export class BegunVerifications {
  readonly #begun = new LruMap<string, Promise<boolean>>(BEGUN_KEPT);

  begin(signed: SignedText): void {
    const { pem, text, signature } = signed;
    const verified = verifyBeside(pem, text, signature);
    // It is not asked for if the decision turns out to be another one.
    verified.catch(() => undefined);
    this.#begun.set(keyOf(signed), verified);
  }

  /** The result that was begun for the same key, text and signature; else it is verified now. */
  async isValid(signed: SignedText): Promise<boolean> {
    const { pem, text, signature } = signed;
    return this.#begun.get(keyOf(signed)) ?? verifySignature(pem, text, signature);
  }
}

function keyOf({ pem, text, signature }: SignedText): string {
  return JSON.stringify([pem, text, signature]);
}
