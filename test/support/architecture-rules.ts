/** The architecture's rules: pure functions over paths and texts. test/architecture.test.ts runs and tests them. */
import { posix } from "node:path";
import { lineAt, splitSource } from "./source-text.ts";

export interface SourceFile {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}
export interface Rule {
  readonly name: string;
  /** Returns one line per violation: `path:line: what is wrong`. */
  check(files: readonly SourceFile[]): readonly string[];
}

/** One layer per entry, from the lowest. A module imports only modules of lower layers. */
const LAYERS: readonly (readonly string[])[] = [
  ["src/lib/"],
  ["src/domain/"],
  ["src/ui/"],
  ["src/protocol/"],
  ["src/egress/"],
  ["src/workspace/"],
  ["src/gate/"],
  ["src/bus/"],
  ["src/market-data/"],
  ["src/host/"],
  ["src/agents/"],
  ["src/conformance/"],
  ["src/trading/"],
  ["src/runs/"],
  ["src/commands/"],
  ["src/cli/", "src/mcp/", "src/http/"],
  ["src/app/"],
];
/** The only modules that the worker's code imports. */
const SANDBOX_IMPORTS = ["sandbox/", "src/protocol/", "src/domain/", "src/lib/"];

/** The modules or files that may import an npm package. Connectors and tests are exempt. */
const PACKAGE_OWNERS: Readonly<Record<string, readonly string[]>> = {
  "smol-toml": ["src/workspace/"],
  yaml: ["src/workspace/"],
  picomatch: ["src/workspace/"],
  croner: ["src/workspace/cron.ts"],
  eventemitter3: ["src/bus/"],
  comlink: ["src/host/", "sandbox/"],
  esbuild: ["src/host/"],
  piscina: ["src/host/"],
  ws: ["src/egress/", "src/conformance/"],
  "@modelcontextprotocol/server": ["src/mcp/"],
  "@modelcontextprotocol/node": ["src/mcp/"],
  "trading-signals": ["src/market-data/"],
  "fast-xml-parser": ["src/market-data/"],
  "html-entities": ["src/market-data/"],
  "@bomb.sh/tab": ["src/cli/"],
  "@clack/prompts": ["src/cli/"],
  citty: ["src/cli/"],
  zod: ["src/", "sandbox/"],
  preact: ["src/ui/"],
  "@preact/signals": ["src/ui/"],
  uplot: ["src/ui/"],
  marked: ["src/ui/markdown/"],
};

/** The only modules that the page's code imports: it runs in a browser. */
const PAGE_IMPORTS = ["src/ui/", "src/domain/", "src/lib/invisible-characters.ts"];
/** What turns text into HTML or code. The page's policy refuses it, too. */
const HTML_SINKS =
  /\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc|createContextualFragment|DOMParser)\b|\bdocument\.write|\beval\(|new Function\(|javascript:/;

/** Ambient powers: what gives them, and the only modules or files that may use them directly. */
const AMBIENT_POWERS: readonly {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
  readonly allowed: readonly string[];
}[] = [
  {
    name: "the clock",
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bhrtime\b/,
    instead: "take a Clock",
    allowed: ["src/app/", "src/egress/egress-thread.ts", "src/ui/browser.ts", "sandbox/", "connectors/"],
  },
  {
    name: "randomness",
    pattern: /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(|\bgetRandomValues\(/,
    instead: "take Ids or a seed",
    allowed: ["src/app/", "sandbox/"],
  },
  {
    name: "timers",
    pattern: /(?<!socket\.)\bset(Timeout|Interval)\(/,
    instead: "take a Clock",
    allowed: [
      "src/app/",
      "src/egress/egress-thread.ts",
      "src/egress/http-exchange.ts",
      "src/ui/browser.ts",
      "sandbox/",
      "connectors/",
    ],
  },
  {
    name: "files",
    pattern: /"node:fs(\/promises)?"/,
    instead: "take a Disk or a Workspace",
    // The pipe channel reads and writes inherited descriptors.
    allowed: ["src/workspace/", "src/app/", "src/cli/", "sandbox/pipe-channel.ts"],
  },
  {
    name: "the environment",
    pattern: /\bprocess\.env\b/,
    instead: "take the variables as an argument",
    allowed: ["src/app/"],
  },
  {
    name: "the process",
    pattern: /\bprocess\.(on|once|off|exit|exitCode|kill|abort|chdir|stdin|stdout|stderr|argv|cwd|getuid)\b/,
    instead: "leave it to src/app, or take a function",
    allowed: ["src/app/", "src/cli/main.ts", "sandbox/"],
  },
  {
    name: "child processes",
    pattern: /^import (?!type\b).*"node:child_process"/m,
    instead: "take a function that starts the process",
    allowed: [
      "src/app/",
      "src/workspace/history-git.ts",
      // Changes how esbuild starts its program.
      "src/host/bundler.ts",
      "src/host/process-transport.ts",
      "src/host/guard-process.ts",
    ],
  },
  {
    name: "worker threads",
    pattern: /^import (?!type\b).*"node:worker_threads"/m,
    instead: "use src/host",
    allowed: [
      "src/host/",
      "src/egress/",
      "src/app/journal-thread.ts",
      "src/app/journal-worker.ts",
      "src/app/line-check-thread.ts",
      "src/app/line-check-worker.ts",
      "src/market-data/feed-thread.ts",
      "src/market-data/feed-worker.ts",
      "sandbox/",
    ],
  },
  {
    name: "sockets",
    pattern: /^import (?!type\b).*"node:(net|http|https|http2|dgram|tls|dns)(\/promises)?"/m,
    instead: "take a connection",
    allowed: [
      // BlockList and isIP only compare addresses.
      "src/lib/private-address.ts",
      "src/app/",
      "src/http/",
      "src/cli/server.ts",
      "src/cli/client.ts",
      "src/market-data/feed-fetch.ts",
      "src/conformance/",
      "src/egress/",
      "sandbox/granted-net.ts",
    ],
  },
];

/** Phrases that a reader must read twice, and metaphors. Plain English says it with the noun that is meant. */
const BANNED_PHRASES: readonly RegExp[] = [
  /\b(?:stands?|stood)\b(?! alone| for\b|-alone)/i,
  /\b(?:is|are) none\b/i,
  /\btold\b|\btells\b/i,
  /\bhears?\b|\bheard\b/i,
  /\b(?:became|becomes|become|came|comes) of\b/i,
  /\bones? (?:that|who)\b/i,
  /\blandlord\b/i,
  /\b(?:the|this|a|whole) house\b/i,
  /(?<!\b(?:is|no|enough|leaves?|make|makes|more|some|any) )\brooms?\b(?! (?:for|to)\b)/i,
  /\bneighbou?rs?\b/i,
  /\bfront step\b/i,
  /\bthe wall\b(?![ -]clock)/i,
  /\blast word\b/i,
  /\b(?:lends?|lent|lending)\b/i,
  /\bnobody\b|\bwhoever\b/i,
  /\bdoors?\b/i,
  /\bslip of the pen\b/i,
  /\b(?:same|one) breath\b/i,
  /\b(?:lets?|sent|sends?) (?:in|away)\b/i,
  /\banew\b/i,
  /\bfor want of\b/i,
  /\bwhere (?:there is|none|one|nothing)\b/i,
  /\bdeeds?\b/i,
];

const COLUMNS_MAX = 120;
const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

interface Import {
  readonly line: number;
  readonly from: string;
  readonly isRelative: boolean;
  /** The imported file, from the root; "" for a package. */
  readonly target: string;
}

/** Every module specifier: static, side-effect, re-export, type and dynamic imports. */
export function importsOf({ path, text }: SourceFile): readonly Import[] {
  const { code } = splitSource(text);
  const statements = /^[ \t]*(?:import|export)\b(?:[^"';()]*?\bfrom)?\s*["']([^"'\n]+)["']/gm;
  const calls = /\bimport\(\s*["']([^"'\n]+)["']/g;
  return [...code.matchAll(statements), ...code.matchAll(calls)].map((match) => {
    const from = match[1] ?? "";
    const isRelative = from.startsWith(".");
    const line = lineAt(code, match.index + match[0].lastIndexOf(from));
    return { line, from, isRelative, target: isRelative ? posix.join(posix.dirname(path), from) : "" };
  });
}

function layerOf(path: string): number {
  return LAYERS.findIndex((prefixes) => prefixes.some((prefix) => path.startsWith(prefix)));
}
function moduleOf(path: string): string {
  return path.startsWith("sandbox/") ? "sandbox" : path.split("/").slice(0, 2).join("/");
}
function isUnder(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix));
}
function isTypeScript(path: string): boolean {
  return /\.tsx?$/.test(path);
}
function isSource({ path }: SourceFile): boolean {
  return isUnder(path, ["src/", "sandbox/", "connectors/"]) && isTypeScript(path);
}
function isHost({ path }: SourceFile): boolean {
  return isUnder(path, ["src/", "sandbox/"]) && isTypeScript(path);
}

/** A rule that looks at one file at a time. */
function fileRule(name: string, applies: (file: SourceFile) => boolean, check: (file: SourceFile) => string[]): Rule {
  return { name, check: (files) => files.filter(applies).flatMap(check) };
}

/** A rule that looks at the lines of the code, without comments. */
function codeLines({ path, text }: SourceFile, check: (line: string) => string | undefined): string[] {
  return splitSource(text)
    .code.split("\n")
    .flatMap((line, index) => {
      const problem = check(line);
      return problem === undefined ? [] : [`${path}:${index + 1}: ${problem}`];
    });
}

const layers = fileRule("imports only modules of lower layers", isHost, (file) =>
  importsOf(file)
    .filter(({ isRelative }) => isRelative && file.path.startsWith("src/"))
    .flatMap(({ line, target }) => {
      if (moduleOf(file.path) === moduleOf(target)) return [];
      const importing = layerOf(file.path);
      const imported = layerOf(target);
      if (importing === -1 || imported === -1) return [`${file.path}:${line}: ${target} is in no layer`];
      return importing > imported ? [] : [`${file.path}:${line}: ${moduleOf(file.path)} may not import ${target}`];
    }),
);

const sandboxImports = fileRule(
  "the worker's code imports only the protocol, the domain and lib",
  ({ path }) => path.startsWith("sandbox/"),
  (file) =>
    importsOf(file)
      .filter(({ isRelative, target }) => isRelative && !isUnder(target, SANDBOX_IMPORTS))
      .map(({ line, target }) => `${file.path}:${line}: the worker's code may not import ${target}`),
);

const pageImports: Rule = {
  name: "the page imports only the domain and the invisible characters, and nothing imports the page",
  check: (files) =>
    files.filter(isHost).flatMap((file) =>
      importsOf(file)
        .filter(({ isRelative, target, from }) =>
          file.path.startsWith("src/ui/")
            ? (isRelative && !isUnder(target, PAGE_IMPORTS)) || from.startsWith("node:")
            : isRelative && target.startsWith("src/ui/"),
        )
        .map(({ line, from }) => `${file.path}:${line}: may not import ${from}`),
    ),
};

const htmlSinks = fileRule(
  "the page makes no HTML from text",
  (file) => isHost(file) && file.path.startsWith("src/ui/"),
  (file) => codeLines(file, (line) => (HTML_SINKS.test(line) ? "makes HTML or code from text" : undefined)),
);

const connectorsByPath = fileRule("built-in connectors are loaded by path, like third-party ones", isHost, (file) =>
  importsOf(file)
    .filter(({ target }) => target.startsWith("connectors/"))
    .map(({ line }) => `${file.path}:${line}: do not import connectors/`),
);

const packageOwners = fileRule("each npm package is imported by its owner only", isHost, (file) =>
  importsOf(file)
    .filter(({ from, isRelative }) => !isRelative && !from.startsWith("node:") && from !== "@qoc-app/sdk")
    .flatMap(({ line, from }) => {
      const name = from
        .split("/")
        .slice(0, from.startsWith("@") ? 2 : 1)
        .join("/");
      const owners = PACKAGE_OWNERS[name];
      if (owners === undefined) return [`${file.path}:${line}: ${name} has no owner in PACKAGE_OWNERS`];
      return isUnder(file.path, owners) ? [] : [`${file.path}:${line}: ${name} belongs to ${owners.join(", ")}`];
    }),
);

const importCycles: Rule = {
  name: "files do not import each other in a cycle",
  check: (files) => {
    const sources = files.filter(isHost);
    const known = new Set(sources.map(({ path }) => path));
    const graph = new Map(
      sources.map((file) => [
        file.path,
        importsOf(file)
          .map(({ target }) => target)
          .filter((target) => known.has(target)),
      ]),
    );
    return cyclesOf(graph).map((cycle) => `${cycle[0]}: cycle ${[...cycle, cycle[0]].join(" -> ")}`);
  },
};

/** One cycle for each file that reaches itself, found by depth-first search; a file is reported in one cycle only. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const isDone = new Set<string>();
  const stack: string[] = [];
  function visit(path: string): void {
    const start = stack.indexOf(path);
    if (start !== -1) cycles.push(stack.slice(start));
    if (start !== -1 || isDone.has(path)) return;
    stack.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    stack.pop();
    isDone.add(path);
  }
  for (const path of graph.keys()) visit(path);
  return cycles;
}

/**
 * The public contract of connectors: its types have the names that authors expect, although the desk has its own types.
 */
const SDK_FILES = ["src/domain/sdk.ts", "src/domain/sdk-data.ts", "src/domain/sdk-hooks.ts"];

const typeNames: Rule = {
  name: "a type name is declared once in src/",
  check: (files) => {
    const places = new Map<string, string[]>();
    for (const { path, text } of files.filter(
      ({ path: file }) => file.startsWith("src/") && !SDK_FILES.includes(file),
    )) {
      const { code } = splitSource(text);
      for (const match of code.matchAll(
        /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm,
      )) {
        const name = match[1] ?? "";
        places.set(name, [...(places.get(name) ?? []), `${path}:${lineAt(code, match.index)}`]);
      }
    }
    return [...places]
      .filter(([, declared]) => declared.length > 1)
      .map(([name, declared]) => `${declared[0]}: ${name} is declared ${declared.length} times: ${declared.join(", ")}`)
      .toSorted();
  },
};

const fileLength = fileRule(`a file has at most ${FILE_LINES_MAX} lines`, isSource, ({ path, text }) => {
  const count = text.trimEnd().split("\n").length;
  return count > FILE_LINES_MAX ? [`${path}:${count}: ${count} lines`] : [];
});

const lineLength = fileRule(
  `a line has at most ${COLUMNS_MAX} characters`,
  ({ path }) => isTypeScript(path),
  ({ path, text }) => {
    const split = splitSource(text);
    const [code, comments] = [split.code.split("\n"), split.comments.split("\n")];
    return text.split("\n").flatMap((line, index) => {
      const isTemplateText = code[index]?.trim() === "" && comments[index]?.trim() === "";
      return line.length > COLUMNS_MAX && !isTemplateText && !isUnbreakable(line)
        ? [`${path}:${index + 1}: ${line.length} characters`]
        : [];
    });
  },
);

/** A line that is one string, template or regular expression cannot be broken by the formatter. */
function isUnbreakable(line: string): boolean {
  return !/^\s*(?:\/\/|\/?\*)/.test(line) && /["'`/]/.test(line);
}

const functionLength = fileRule(`a function has at most ${FUNCTION_LINES_MAX} lines`, isSource, ({ path, text }) =>
  functionsOf(text)
    .filter(({ start, end }) => end - start + 1 > FUNCTION_LINES_MAX)
    .map(({ start, end, header }) => `${path}:${start}: ${end - start + 1} lines: ${header.slice(0, 60)}`),
);

/**
 * The functions, methods and arrow functions with a block body. Relies on the formatter: a block ends at the first line
 * of the header's indentation that starts with a closing brace.
 */
function functionsOf(text: string): readonly { start: number; end: number; header: string }[] {
  const lines = splitSource(text).code.split("\n");
  return lines.flatMap((line, index) => {
    if (!line.trimEnd().endsWith("{")) return [];
    const indent = /^\s*/.exec(line)?.[0] ?? "";
    let start = index;
    if (/^\s*\)/.test(line)) {
      do start--;
      while (start > 0 && !new RegExp(`^${indent}\\S`).test(lines[start] ?? ""));
    }
    const header = lines
      .slice(start, index + 1)
      .join(" ")
      .replaceAll(/\s+/g, " ")
      .trim();
    if (!isFunctionHeader(header)) return [];
    const length = lines.slice(index + 1).findIndex((after) => after.startsWith(`${indent}}`));
    return [{ start: start + 1, end: length === -1 ? lines.length : index + 2 + length, header }];
  });
}

function isFunctionHeader(header: string): boolean {
  if (/\bfunction\b/.test(header) || header.endsWith("=> {")) return true;
  return (
    /^(?:(?:static|async|override|private|public|protected|get|set) |\*)*[\w#$[\].]+(?:<.*>)?\(.*\)(?:: .+)? \{$/.test(
      header,
    ) && !/^(?:if|for|while|switch|catch|with|do|else)\b/.test(header)
  );
}

const topLevelArrows = fileRule("top-level functions are declarations", isHost, (file) =>
  codeLines(file, (line) =>
    /^(?:export )?const \w+ = (?:async )?(?:<[^>]+>)?\([^()]*\)(?:: [^=]+)? => \{$/.test(line)
      ? "write a function declaration"
      : undefined,
  ),
);

const optionalSpreads = fileRule("optional fields are not spread", isSource, ({ path, text }) => {
  const { code } = splitSource(text);
  return [...code.matchAll(/\.\.\.\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*?(?:\? \{\}\s*:|: \{\}\s*\))/g)].map(
    ({ index }) => `${path}:${lineAt(code, index)}: declare the field as \`x?: T | undefined\` and pass it`,
  );
});

const catchAllNames = fileRule("no file is named for odds and ends", isHost, ({ path }) =>
  /(^|\/)(utils?|helpers?|common|misc|index)(\.ts|\/|$)/.test(path) ? [`${path}:1: name it by its subject`] : [],
);

const debris = fileRule(
  "no unfinished work is left",
  ({ path }) => isTypeScript(path) || path.endsWith(".mjs"),
  ({ path, text }) => {
    const { code, comments } = splitSource(text);
    const find = (part: string, pattern: RegExp): string[] =>
      [...part.matchAll(pattern)].map((match) => `${path}:${lineAt(part, match.index)}: ${match[0]}`);
    return [
      ...find(comments, /\b(?:TODO|FIXME|XXX|HACK)\b/g),
      ...find(code, /\bdebugger\b|\b(?:it|describe|test)\.only\(/g),
    ];
  },
);

const ambientPowers = fileRule(
  "clock, randomness, timers, files, environment, processes, threads and sockets are arguments",
  isSource,
  (file) =>
    AMBIENT_POWERS.filter(({ allowed }) => !isUnder(file.path, allowed)).flatMap(({ name, pattern, instead }) =>
      codeLines(file, (line) => (pattern.test(line) ? `uses ${name}; ${instead}` : undefined)),
    ),
);

const defaultExports = fileRule("only connectors export a default", isHost, (file) =>
  codeLines(file, (line) => (/^export default\b/.test(line) ? "export by name" : undefined)),
);

/**
 * Imports of the cleared orders' module: a statement with its names, or a call of `import`, which imports everything.
 */
const CLEARED_IMPORT = /(?:\b(?:import|export)\b([^"';]*)\bfrom\s*|\bimport\(\s*)["'][^"'\n]*gate\/cleared\.ts["']/g;

const mint = fileRule(
  "only the gate makes cleared orders",
  (file) => isSource(file) && !file.path.startsWith("src/gate/"),
  (file) =>
    [...splitSource(file.text).code.matchAll(CLEARED_IMPORT)]
      .filter(([, names]) => names === undefined || /\bmint\b|\*/.test(names))
      .map(({ index }) => `${file.path}:${lineAt(splitSource(file.text).code, index)}: only the gate may import mint`),
);

const comlinkDirection = fileRule(
  "the host exposes nothing to a worker by comlink",
  ({ path }) => path.startsWith("src/"),
  (file) =>
    file.text.includes('"comlink"')
      ? codeLines(file, (line) =>
          /\b(?:expose|proxy)\(/.test(line) ? "only the sandbox exposes, the host wraps" : undefined,
        )
      : [],
);

/** Files of most tiers share loaded modules: a module that one file replaces is another's too, in some orders. */
const moduleMocks = fileRule(
  "a test replaces no module",
  ({ path }) => path.startsWith("test/") && isTypeScript(path),
  (file) =>
    codeLines(file, (line) =>
      /\bvi\.(?:do)?[mM]ock\(/.test(line) ? "pass what differs as an argument: files share modules" : undefined,
    ),
);

const phrases: Rule = {
  name: "no banned phrase in code, documents and test names",
  check: (files) =>
    files.flatMap((file) =>
      proseOf(file)
        .split("\n")
        .flatMap((line, index) => {
          const found = BANNED_PHRASES.map((pattern) => pattern.exec(line)?.[0]).find((match) => match !== undefined);
          return found === undefined ? [] : [`${file.path}:${index + 1}: "${found}" in: ${line.trim().slice(0, 100)}`];
        }),
    ),
};

/** The text to check for phrases: all of a document or source; of a test its comments and the names of its tests. */
function proseOf({ path, text }: SourceFile): string {
  if (!path.startsWith("test/") || !isTypeScript(path)) return text;
  const { comments } = splitSource(text);
  const lines = comments.split("\n");
  for (const match of text.matchAll(/\(\s*(["'`])((?:(?!\1)[^\n])+)\1,\s*(?:async\s*)?(?:\(|\w+\s*=>)/g)) {
    const line = lineAt(text, match.index + match[0].indexOf(match[1] ?? "")) - 1;
    lines[line] = `${lines[line] ?? ""} ${match[2] ?? ""}`;
  }
  return lines.join("\n");
}

export const RULES = {
  layers,
  sandboxImports,
  pageImports,
  htmlSinks,
  connectorsByPath,
  packageOwners,
  importCycles,
  typeNames,
  fileLength,
  lineLength,
  functionLength,
  topLevelArrows,
  optionalSpreads,
  catchAllNames,
  debris,
  ambientPowers,
  defaultExports,
  mint,
  comlinkDirection,
  moduleMocks,
  phrases,
} satisfies Readonly<Record<string, Rule>>;
