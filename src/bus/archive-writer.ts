/** Writes a layer of the archive and its part of the index. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { ArchiveTable } from "../domain/archived-map.ts";
import { sha256Hex } from "../domain/digest.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { joinedBytes } from "../lib/joined-bytes.ts";
import {
  type DiskArchive,
  type LayerFacts,
  type SectionFacts,
  type SectionName,
  aliasOf,
  layerName,
  lineDigest,
  listKeyOf,
  runsOf,
} from "./archive.ts";
import {
  type IndexEntry,
  type IndexKind,
  IndexRun,
  type RunFacts,
  aliasKey,
  endOf,
  entriesBytes,
  entryCount,
  mergedEntries,
  nameKeys,
  sortedEntries,
  writeEntry,
} from "./archive-index.ts";
import type { PreparedLine } from "./archive-lines.ts";
import { PROJECTION_SECTIONS, type ProjectionPlan, type ProjectionSection } from "./kept-projection.ts";
import { stateText } from "./state-text.ts";

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

/** What moves into one layer. */
export interface LayerContents {
  readonly lines: readonly PreparedLine[];
  readonly sections: SectionLines;
}

type SectionLines = Readonly<Record<ProjectionSection, readonly Buffer[]>>;

/** Writes down what a projection moves, one value a line. */
export async function sectionLines(
  { sections }: ProjectionPlan,
  clock: Pick<Clock, "monotonic">,
): Promise<SectionLines> {
  const pause = slices(clock);
  const written: Record<ProjectionSection, Buffer[]> = { profitRows: [], valuePoints: [], trades: [] };
  for (const name of PROJECTION_SECTIONS)
    for (const value of sections[name]) {
      written[name].push(Buffer.from(`${stateText(value)}\n`));
      await pause();
    }
  return written;
}

export function isEmptyLayer({ lines, sections }: LayerContents): boolean {
  return lines.length === 0 && PROJECTION_SECTIONS.every((name) => sections[name].length === 0);
}

export async function writeLayer(
  { disk, dir, clock }: ArchivePlace,
  place: Pick<LayerFacts, "number" | "tradeTimes">,
  { lines, sections: moved }: LayerContents,
): Promise<{ readonly facts: LayerFacts; readonly entries: LayerEntries }> {
  const entries: Record<IndexKind, Buffer[]> = { index: [], names: [], lists: [] };
  const parts: Buffer[] = [];
  const pause = slices(clock);
  let offset = 0;
  const sections: Record<string, SectionFacts> = {};
  const write = async (name: SectionName, texts: readonly Buffer[]): Promise<void> => {
    const from = offset;
    const digest = createHash("sha256");
    for (const text of texts) {
      digest.update(text);
      parts.push(text);
      offset += text.length;
      await pause();
    }
    sections[name] = { from, bytes: offset - from, sha256: digest.digest("hex") };
  };
  const bySection = { orders: linesOf(lines, "orders"), fills: linesOf(lines, "fills"), others: otherLines(lines) };
  for (const [name, section] of Object.entries(bySection)) {
    let at = offset;
    for (const line of section) {
      addEntries(entries, line, { layer: place.number, offset: at });
      at += line.text.length;
      await pause();
    }
    await write(
      name as SectionName,
      section.map(({ text }) => text),
    );
  }
  for (const name of PROJECTION_SECTIONS) await write(name, moved[name]);
  await disk.writeAtomic(`${dir}/${layerName(place.number)}`, await joinedBytes(parts, pause));
  return { facts: { ...place, bytes: offset, sections: sections as LayerFacts["sections"] }, entries };
}

/** Of each kind, the entries of a layer. */
export type LayerEntries = Readonly<Record<IndexKind, readonly Buffer[]>>;

/** All runs after this layer. */
export async function writeRuns(
  place: ArchivePlace,
  number: number,
  entries: LayerEntries,
): Promise<readonly IndexRun[]> {
  return [
    ...(await writeRun(place, number, { kind: "index", written: entries.index })),
    ...(await writeRun(place, number, { kind: "names", written: entries.names })),
    ...(await writeRun(place, number, { kind: "lists", written: entries.lists })),
  ];
}

interface RunEntries {
  readonly kind: IndexKind;
  readonly written: readonly Buffer[];
}

/** Writes the entries of a layer as a run, and merges runs of about its size with it. */
async function writeRun(
  { disk, dir, clock, archive }: ArchivePlace,
  number: number,
  { kind, written }: RunEntries,
): Promise<readonly IndexRun[]> {
  const older = [...runsOf(kind, archive.runs)];
  if (written.length === 0) return older;
  const pause = slices(clock);
  let entries = await sortedEntries(kind, written, pause);
  let first = number;
  for (let next = older[0]; next !== undefined && isMerged(next, entries); next = older[0]) {
    entries = await mergedEntries(kind, { newer: entries, older: await next.wholeEntries(pause) }, pause);
    first = Number.parseInt(next.facts.name, 10);
    older.shift();
  }
  const end = await endOf(kind, entries, pause);
  const name = `${padded(first)}-${padded(number)}.${kind}`;
  await disk.writeAtomic(`${dir}/${name}`, await joinedBytes([entries, end], pause));
  const facts: RunFacts = { name, kind, entries: entryCount(kind, entries), sha256: sha256Hex(end) };
  return [new IndexRun(facts, end, archive.read), ...older];
}

function padded(number: number): string {
  return String(number).padStart(6, "0");
}

function isMerged(run: IndexRun, entries: Buffer): boolean {
  return entriesBytes(run.facts) <= 2 * entries.length;
}

function linesOf(lines: readonly PreparedLine[], table: ArchiveTable): readonly PreparedLine[] {
  return lines.filter((line) => line.table === table).toSorted((a, b) => a.place - b.place);
}

function otherLines(lines: readonly PreparedLine[]): readonly PreparedLine[] {
  return lines.filter(({ table }) => table !== "orders" && table !== "fills");
}

function addEntries(
  entries: Record<IndexKind, Buffer[]>,
  { table, key, aliases, text, lists }: PreparedLine,
  place: Pick<IndexEntry, "layer" | "offset">,
): void {
  const entry: IndexEntry = { ...place, length: text.length, digest: lineDigest(text) };
  for (const alias of [aliasOf(table, key), ...aliases])
    entries.index.push(writeEntry("index", aliasKey(alias), entry));
  entries.lists.push(...lists.map(([list, at]) => writeEntry("lists", listKeyOf(list, at), entry)));
  if (table === "orders") entries.names.push(...nameKeys(key).map((name) => writeEntry("names", name, entry)));
}
