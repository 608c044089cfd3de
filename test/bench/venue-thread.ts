/**
 * A fake venue in a thread of its own, as a venue has a process of its own: in the desk's event loop it would answer
 * bare requests without a wake-up, and its work would be added to the desk's.
 */
import { once } from "node:events";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { openAlpaca } from "../support/alpaca-desk.ts";
import { openExchange } from "../support/ccxt-desk.ts";

const VENUES = { alpaca: openAlpaca, binance: () => openExchange("binance") };
export type ThreadVenueName = keyof typeof VENUES;

export interface VenueThread {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Runs this bundle in another thread, where {@link serveVenue} opens the venue. */
export async function openVenueThread(name: ThreadVenueName): Promise<VenueThread> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { venue: name } });
  const [url] = (await once(worker, "message")) as [string];
  return { url, close: async () => void (await worker.terminate()) };
}

/** In a thread of {@link openVenueThread}: opens its venue. Returns false in the main thread. */
export async function serveVenue(): Promise<boolean> {
  if (isMainThread) return false;
  const { venue } = workerData as { readonly venue: ThreadVenueName };
  const { url } = await VENUES[venue]();
  parentPort?.postMessage(url, []);
  return true;
}
