/** Hash routes: `#/review/20261128-001?x=y`. */
import { signal } from "@preact/signals";

export interface PageRoute {
  /** The first word; "" is the Desk. */
  readonly page: string;
  /** The rest of the path, decoded; "" without one. */
  readonly id: string;
  readonly query: URLSearchParams;
}

/** What a page gets of its route. */
export interface RoutedPage {
  readonly id: string;
}

export function parseRoute(hash: string): PageRoute {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const slash = path.indexOf("/");
  const [page, id] = slash === -1 ? [path, ""] : [path.slice(0, slash), path.slice(slash + 1)];
  return { page, id: decoded(id), query: new URLSearchParams(search) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hrefOf(page: string, id = "", query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  const path = id === "" ? page : `${page}/${encodeURIComponent(id)}`;
  return `#/${path}${search === "" ? "" : `?${search}`}`;
}

export const route = signal<PageRoute>(parseRoute(location.hash));

export function followHash(): void {
  route.value = parseRoute(location.hash);
  addEventListener("hashchange", () => {
    route.value = parseRoute(location.hash);
  });
}

export function go(page: string, id = "", query: Readonly<Record<string, string>> = {}): void {
  location.hash = hrefOf(page, id, query);
}
