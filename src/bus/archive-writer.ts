/** Writes a layer of the archive and its part of the index. */
import { setImmediate } from "node:timers/promises";
import type { ArchiveTable } from "../domain/archived-map.ts";
import { sha256Hex } from "../domain/digest.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import {
  type DiskArchive,
  type LayerFacts,
  type SectionFacts,
  type SectionName,
  aliasOf,
  layerName,
  lineDigest,
} from "./archive.ts";
import {
  ENTRY_BYTES,
  type IndexEntry,
  IndexRun,
  type RunFacts,
  aliasHash,
  mergedEntries,
  sortedEntries,
  tableOf,
  writeEntry,
} from "./archive-index.ts";
import type { PreparedLine } from "./archive-lines.ts";

export interface ArchivePlace {
  readonly disk: Disk;
  readonly dir: string;
  readonly clock: Pick<Clock, "monotonic">;
  readonly archive: DiskArchive;
}

const SLICE_MS = 4;

/** Returns a function that pauses if the slice is used up. */
export function slices(clock: Pick<Clock, "monotonic">): () => Promise<void> | undefined {
  let end = clock.monotonic() + SLICE_MS;
  return () => {
    if (clock.monotonic() < end) return undefined;
    return setImmediate().then(() => {
      end = clock.monotonic() + SLICE_MS;
    });
  };
}
export async function writeLayer(
  { disk, dir, clock }: ArchivePlace,
  { number, seq, at }: Pick<LayerFacts, "number" | "seq" | "at">,
  lines: readonly PreparedLine[],
): Promise<{ readonly facts: LayerFacts; readonly entries: readonly Buffer[] }> {
  const entries: Buffer[] = [];
  const parts: Buffer[] = [];
  const pause = slices(clock);
  let offset = 0;
  const sections: Record<string, SectionFacts> = {};
  const end = (name: SectionName, from: number, section: readonly Buffer[]): void => {
    sections[name] = { from, bytes: offset - from, sha256: sha256Hex(Buffer.concat(section)) };
    parts.push(...section);
  };
  const bySection = { orders: linesOf(lines, "orders"), fills: linesOf(lines, "fills"), others: otherLines(lines) };
  for (const [name, section] of Object.entries(bySection)) {
    const from = offset;
    for (const line of section) {
      entries.push(...entriesOf(line, number, offset));
      offset += line.text.length;
      await pause();
    }
    end(
      name as SectionName,
      from,
      section.map(({ text }) => text),
    );
  }
  const { orders, fills } = bySection;
  const ids = Buffer.from(orders.map(({ key }) => `${key}\n`).join(""));
  offset += ids.length;
  end("ids", offset - ids.length, [ids]);
  await disk.writeAtomic(`${dir}/${layerName(number)}`, Buffer.concat(parts));
  const states: Record<string, number> = {};
  for (const { group } of orders) states[group] = (states[group] ?? 0) + 1;
  const newFills = fills.filter(({ place }) => place >= 0);
  const facts: LayerFacts = {
    ...{ number, bytes: offset, seq, at, sections: sections as LayerFacts["sections"], states },
    ...{ firstPlace: orders[0]?.place ?? 0, firstFill: newFills[0]?.place ?? 0, newFills: newFills.length },
  };
  return { facts, entries };
}

/** Writes the entries of a layer as a run, and merges runs of about its size with it. */
export async function writeRuns(
  { disk, dir, archive }: ArchivePlace,
  number: number,
  written: readonly Buffer[],
): Promise<readonly IndexRun[]> {
  let entries = sortedEntries(written);
  const older = [...archive.runs];
  let first = number;
  for (let next = older[0]; next !== undefined && isMerged(next, entries); next = older[0]) {
    entries = await mergedEntries(entries, next.wholeEntries(), setImmediate);
    first = Number.parseInt(next.facts.name, 10);
    older.shift();
  }
  const table = tableOf(entries);
  const name = `${padded(first)}-${padded(number)}.index`;
  await disk.writeAtomic(`${dir}/${name}`, Buffer.concat([entries, table]));
  const facts: RunFacts = { name, entries: entries.length / ENTRY_BYTES, sha256: sha256Hex(table) };
  return [new IndexRun(facts, table, archive.read), ...older];
}

function padded(number: number): string {
  return String(number).padStart(6, "0");
}

function isMerged(run: IndexRun, entries: Buffer): boolean {
  return run.facts.entries * ENTRY_BYTES <= 2 * entries.length;
}

function linesOf(lines: readonly PreparedLine[], table: ArchiveTable): readonly PreparedLine[] {
  return lines.filter((line) => line.table === table).toSorted((a, b) => a.place - b.place);
}

function otherLines(lines: readonly PreparedLine[]): readonly PreparedLine[] {
  return lines.filter(({ table }) => table !== "orders" && table !== "fills");
}

function entriesOf({ table, key, aliases, text }: PreparedLine, layer: number, offset: number): readonly Buffer[] {
  const entry: IndexEntry = { layer, offset, length: text.length, digest: lineDigest(text) };
  return [aliasOf(table, key), ...aliases].map((alias) => writeEntry(aliasHash(alias), entry));
}
