/**
 * The documented `desk://workspace/…` URIs. Each is read through commands that are tools, too. So an agent whose client
 * does not support resources can read the same data, and an agent without the tools cannot read the resource.
 */
import * as z from "zod";
import { pathProblem } from "../workspace/path-policy.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { RESULT_CHARS_MAX } from "./tool-result.ts";
import { escapeInvisibleInText } from "../lib/invisible-characters.ts";

/** Runs a command for the session that reads a resource. */
export type RunRead = (command: string, input: Readonly<Record<string, unknown>>) => Promise<unknown>;

export interface DeskResource {
  /** With `{name}` at its end it is a template. */
  readonly uri: string;
  readonly name: string;
  readonly description: string;
  readonly mimeType: string;
  /** The commands that `read` runs. */
  readonly readCommands: readonly string[];
  /** Returns undefined if there is no such data yet. */
  read(run: RunRead, name: string): Promise<string | undefined>;
}

const BASE = "desk://workspace";
const READ_FILE = "files read";

const fileShape = z.object({ untrusted: z.object({ text: z.string() }), next: z.string().nullable() });
const pathsShape = z.array(z.object({ path: z.string() }));
const snapshotsShape = z.array(z.object({ path: z.string(), problem: z.string().nullable().default(null) }));

/** The first part of a file, and if there is more, how to read it. */
async function fileText(run: RunRead, path: string): Promise<string> {
  const {
    untrusted: { text },
    next,
  } = fileShape.parse(await run(READ_FILE, { path }));
  return next === null ? text : `${text}\n\n(more: qoc_files_read ${path} from ${next})\n`;
}

function note(folder: string, about: string): DeskResource {
  return {
    uri: `${BASE}/${folder}/{name}`,
    name: `${folder} note`,
    description: about,
    mimeType: "text/markdown",
    readCommands: [READ_FILE],
    read: async (run, name) => fileText(run, `${folder}/${name.endsWith(".md") ? name : `${name}.md`}`),
  };
}

export const RESOURCES: readonly DeskResource[] = [
  {
    uri: `${BASE}/${LAYOUT.config}`,
    name: "configuration",
    description: "the desk's configuration; read only, without secrets",
    mimeType: "application/toml",
    readCommands: [READ_FILE],
    read: (run) => fileText(run, LAYOUT.config),
  },
  note(LAYOUT.entities, "one entity: the desk's notes on an instrument, an issuer or a theme"),
  note(LAYOUT.research, "one research note"),
  {
    uri: `${BASE}/${LAYOUT.ordersPending}`,
    name: "pending proposals",
    description: "every proposal that waits for the human, one after another",
    mimeType: "text/markdown",
    readCommands: ["orders list", READ_FILE],
    read: async (run) => {
      const orders = pathsShape.parse(await run("orders list", { state: "proposed" }));
      const texts: string[] = [];
      for (const { path } of orders) texts.push(`<!-- ${path} -->\n${await fileText(run, path)}`);
      return texts.join("\n");
    },
  },
  {
    uri: `${BASE}/${LAYOUT.snapshots}/latest`,
    name: "latest snapshot",
    description: "the whole book as of the latest snapshot",
    mimeType: "application/toml",
    readCommands: ["snapshots list", READ_FILE],
    read: async (run) => {
      const readable = snapshotsShape.parse(await run("snapshots list", {})).filter(({ problem }) => problem === null);
      const [first] = readable.toSorted((a, b) => (a.path < b.path ? 1 : -1));
      return first === undefined ? undefined : fileText(run, first.path);
    },
  },
];

export interface ResourceMatch {
  readonly resource: DeskResource;
  /** The part of the URI in place of `{name}`. */
  readonly name: string;
}

export function isTemplate(resource: DeskResource): boolean {
  return resource.uri.endsWith(NAME_PART);
}
const NAME_PART = "{name}";

/** Percent-encoding is decoded once; then the name is checked like any path. */
export function findResource(uri: string): ResourceMatch | undefined {
  for (const resource of RESOURCES) {
    if (resource.uri === uri) return isTemplate(resource) ? undefined : { resource, name: "" };
    const prefix = resource.uri.slice(0, -NAME_PART.length);
    if (!isTemplate(resource) || !uri.startsWith(prefix)) continue;
    const name = percentDecoded(uri.slice(prefix.length));
    return name === undefined || name.includes("/") || pathProblem(name) !== undefined ? undefined : { resource, name };
  }
  return undefined;
}

function percentDecoded(component: string): string | undefined {
  try {
    return decodeURIComponent(component);
  } catch {
    return undefined;
  }
}

/** Truncates the text to the size of one result, with a note on the missing rest. */
export function truncateToFit(raw: string): string {
  const text = escapeInvisibleInText(raw);
  return text.length <= RESULT_CHARS_MAX
    ? text
    : `${text.slice(0, RESULT_CHARS_MAX - 100)}\n\n(cut: ${text.length} characters in all; read the rest through the tools)\n`;
}
