/** The adapter file that a connector may run: the operator accepted it, or signed it if the connector is live. */
import { QocError } from "../domain/errors/error.ts";
import type { ConnectorName, Digest } from "../domain/ids.ts";

export interface AcceptedAdapterOptions {
  readonly name: ConnectorName;
  /** Digest that the operator accepted; undefined before the first start and for built-in adapters. */
  readonly acceptedDigest: () => Digest | undefined;
  /** Only `qoc reload` accepts another file: the connector is live. */
  readonly needsSignature?: (() => boolean) | undefined;
}

export class AcceptedAdapter {
  readonly #options: AcceptedAdapterOptions;
  #found: Digest | undefined;
  #accepted: Digest | undefined;

  constructor(options: AcceptedAdapterOptions) {
    this.#options = options;
  }

  /** The digest of the file that was read last. */
  get found(): Digest | undefined {
    return this.#found;
  }

  /** The next check compares with what the journal says. */
  forget(): void {
    this.#accepted = undefined;
  }

  /**
   * @throws ADAPTER_CHANGED if the file is not the accepted one. A restart by the operator accepts the current file,
   * unless the connector is live.
   */
  check(digest: Digest, isByOperator: boolean): void {
    const { name, acceptedDigest } = this.#options;
    const needsSignature = this.#options.needsSignature?.() === true;
    const trusted = needsSignature ? (acceptedDigest() ?? this.#accepted) : (this.#accepted ?? acceptedDigest());
    this.#found = digest;
    if (trusted !== undefined && trusted !== digest && (needsSignature || !isByOperator)) {
      const signed = needsSignature ? "qoc reload, then " : "";
      throw new QocError("ADAPTER_CHANGED", { connector: name, trusted, found: digest, signed });
    }
    this.#accepted = digest;
  }
}
