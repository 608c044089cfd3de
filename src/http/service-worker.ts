/**
 * The desk's page has no service worker. A program that held the port while the desk was down may have left one in the
 * browser, which answers for the desk from then on. The browser asks for the worker's program again after each page
 * that it opens, and gets this one, which removes the worker and loads the page from the desk.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PAGE_HEADERS } from "./page-headers.ts";

const PROGRAM = `addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(end()));
async function end() {
  await registration.unregister();
  const pages = await clients.matchAll({ type: "window" });
  await Promise.all(pages.map((page) => page.navigate(page.url)));
}
`;

/** Browsers send this header with the request for a worker's program only. */
export function isForServiceWorker({ headers }: IncomingMessage): boolean {
  return headers["service-worker"] === "script";
}

export function endServiceWorker(response: ServerResponse): void {
  const type = { "content-type": "text/javascript", "service-worker-allowed": "/" };
  response.writeHead(200, { ...PAGE_HEADERS, ...type }).end(PROGRAM);
}
