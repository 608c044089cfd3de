/** What a feed has. The parser of feeds is loaded by their thread alone. */

export interface FeedItem {
  /** An item has the same id in all feeds of one host. */
  readonly id: string;
  readonly title: string;
  /** An http or https URL, or empty. */
  readonly url: string;
  /** Milliseconds; undefined if the feed has no date. */
  readonly published: number | undefined;
  readonly text: string;
}

/** The document is not a feed, or not safe to parse. */
export class FeedError extends Error {}
