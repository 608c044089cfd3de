/**
 * The documented `desk://workspace/…` addresses. Each is read through commands that are tools too, so that an agent whose
 * client shows no resources misses nothing, and one whose palette lacks the tool reads nothing here either.
 */
import { z } from "zod";
import { pathProblem } from "../workspace/path-policy.ts";
import { LAYOUT } from "../workspace/layout.ts";
import { ANSWER_CHARS_MAX } from "./answer.ts";
import { escapeInvisibleInText } from "../lib/invisible-characters.ts";

/** A command called for its answer, as the session that reads. */
export type RunRead = (command: string, input: Readonly<Record<string, unknown>>) => Promise<unknown>;

export interface DeskResource {
  /** The address; `{name}` in it makes a template of it. */
  readonly uri: string;
  readonly name: string;
  readonly description: string;
  readonly mimeType: string;
  /** Commands it is read through. */
  readonly readCommands: readonly string[];
  /** Undefined where nothing is there. */
  read(ask: RunRead, name: string): Promise<string | undefined>;
}

const BASE = "desk://workspace";
const READ_FILE = "files read";

const fileShape = z.object({ untrusted: z.object({ text: z.string() }), next: z.string().nullable() });
const listed = z.array(z.object({ path: z.string() }));

/** The first stretch of a file, and how to read on where there is more. */
async function fileText(ask: RunRead, path: string): Promise<string> {
  const {
    untrusted: { text },
    next,
  } = fileShape.parse(await ask(READ_FILE, { path }));
  return next === null ? text : `${text}\n\n(more: qoc_files_read ${path} from ${next})\n`;
}

function note(folder: string, about: string): DeskResource {
  return {
    uri: `${BASE}/${folder}/{name}`,
    name: `${folder} note`,
    description: about,
    mimeType: "text/markdown",
    readCommands: [READ_FILE],
    read: async (ask, name) => fileText(ask, `${folder}/${name.endsWith(".md") ? name : `${name}.md`}`),
  };
}

export const RESOURCES: readonly DeskResource[] = [
  {
    uri: `${BASE}/${LAYOUT.config}`,
    name: "configuration",
    description: "the desk's configuration; read only, and it holds no secrets",
    mimeType: "application/toml",
    readCommands: [READ_FILE],
    read: (ask) => fileText(ask, LAYOUT.config),
  },
  note(LAYOUT.entities, "one entity: what the desk knows of an instrument, an issuer or a theme"),
  note(LAYOUT.research, "one research note"),
  {
    uri: `${BASE}/${LAYOUT.ordersPending}`,
    name: "pending proposals",
    description: "every proposal that waits for the human, one after another",
    mimeType: "text/markdown",
    readCommands: ["orders list", READ_FILE],
    read: async (ask) => {
      const orders = listed.parse(await ask("orders list", { state: "proposed" }));
      const texts: string[] = [];
      for (const { path } of orders) texts.push(`<!-- ${path} -->\n${await fileText(ask, path)}`);
      return texts.join("\n");
    },
  },
  {
    uri: `${BASE}/${LAYOUT.snapshots}/latest`,
    name: "latest snapshot",
    description: "the whole book as of the latest snapshot",
    mimeType: "application/toml",
    readCommands: ["snapshots list", READ_FILE],
    read: async (ask) => {
      const [first] = listed.parse(await ask("snapshots list", {})).toSorted((a, b) => (a.path < b.path ? 1 : -1));
      return first === undefined ? undefined : fileText(ask, first.path);
    },
  },
];

export interface ResourceMatch {
  readonly resource: DeskResource;
  /** What stood for `{name}`. */
  readonly name: string;
}

export function isTemplate(resource: DeskResource): boolean {
  return resource.uri.endsWith(NAME_PART);
}
const NAME_PART = "{name}";

/** Percent signs are undone once, then the name is checked as any path is. */
export function findResource(uri: string): ResourceMatch | undefined {
  for (const resource of RESOURCES) {
    if (resource.uri === uri) return isTemplate(resource) ? undefined : { resource, name: "" };
    const prefix = resource.uri.slice(0, -NAME_PART.length);
    if (!isTemplate(resource) || !uri.startsWith(prefix)) continue;
    const name = decoded(uri.slice(prefix.length));
    return name === undefined || name.includes("/") || pathProblem(name) !== undefined ? undefined : { resource, name };
  }
  return undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What fits in one answer, with a word where something was left off. */
export function truncateToFit(raw: string): string {
  const text = escapeInvisibleInText(raw);
  return text.length <= ANSWER_CHARS_MAX
    ? text
    : `${text.slice(0, ANSWER_CHARS_MAX - 100)}\n\n(cut: ${text.length} characters in all; read the rest through the tools)\n`;
}
