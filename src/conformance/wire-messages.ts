/** Requests, responses and messages of a stream, as plain data. */

/** A request as the venue received it. Names of headers are in lower case. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** The values of a name that is repeated are joined by commas. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed if it is JSON, otherwise text; undefined if it is empty. */
  readonly body: unknown;
}

export interface WireResponse {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent instead of `body`, as it is. */
  readonly text?: string | undefined;
  /** The content type; by default `application/json`. */
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A message of the stream. */
export interface WireMessage {
  readonly text: string;
  readonly isBinary?: boolean | undefined;
}
