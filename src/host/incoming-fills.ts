/** What connectors send by themselves: fills, parsed one by one; and what they ask for: their store and the operator's bars. */
import { parseFill } from "../protocol/fill-schema.ts";
import { QocError } from "../domain/error.ts";
import type { Log } from "../domain/ports.ts";
import type { VenueFill } from "../domain/venue.ts";
import type { ConnectorStore } from "./connector-store.ts";

/** @throws PROTOCOL for the first fill out of shape, with a sample in the log; the fills before it are kept. */
export async function takeFills(
  connector: string,
  raw: readonly unknown[],
  log: Log,
  keep: (fills: readonly VenueFill[]) => Promise<unknown>,
): Promise<void> {
  const good: VenueFill[] = [];
  let problem: QocError | undefined;
  for (const item of raw) {
    const parsed = parseFill(item);
    if (parsed.success) {
      good.push(parsed.data);
      continue;
    }
    const [issue] = parsed.error.issues;
    problem = new QocError("PROTOCOL", {
      connector,
      what: "fill",
      message: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    });
    log.error(problem.message, { sample: String(JSON.stringify(item)).slice(0, 500) });
    break;
  }
  if (good.length > 0) await keep(good);
  if (problem !== undefined) throw problem;
}

export function handleAdapterRequest(store: ConnectorStore, bars: (symbol: string) => Promise<unknown>) {
  return (what: "get" | "put" | "bars", key: string, value: unknown): Promise<unknown> => {
    if (what === "get") return store.get(key);
    return what === "put" ? store.put(key, value) : bars(key);
  };
}
