/** Worker thread that parses one feed document, posts the result and exits. */
import { parentPort, workerData } from "node:worker_threads";
import { FeedError, type FeedItem } from "./feed-item.ts";
import { decodeFeed, parseFeed } from "./feed.ts";
import type { FetchedFeed } from "./feed-fetch.ts";

export type FeedTask = Pick<FetchedFeed, "bytes" | "contentType"> & { readonly url: string };
export type FeedResult = { readonly items: readonly FeedItem[] } | { readonly problem: string };

function parse({ bytes, contentType, url }: FeedTask): FeedResult {
  try {
    return { items: parseFeed(decodeFeed(bytes, contentType), url) };
  } catch (error) {
    if (error instanceof FeedError) return { problem: error.message };
    throw error;
  }
}

const port = parentPort;
port?.postMessage(parse(workerData as FeedTask));
