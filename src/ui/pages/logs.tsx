/** The desk's log: the newest lines, followed while the human is at its end. */
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { escapeInvisible, escapeInvisibleInText } from "../../lib/invisible-characters.ts";
import { useReading } from "../page-context.ts";
import { Heading } from "../parts/heading.tsx";
import { Age, Empty, Shown, Time } from "../parts/texts.tsx";
import { go, route } from "../router.ts";
import { useStatus } from "../status.ts";

interface LogRow {
  readonly ts: string;
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;
const TAIL = 200;

export function LogsPage(): JSX.Element {
  const { connector, level, run } = filterOf(route.value.query);
  const input = {
    tail: TAIL,
    connector: connector === "" ? undefined : connector,
    run: run === "" ? undefined : run,
  };
  const reading = useReading<readonly LogRow[]>({ command: "logs", input, topics: [""], everyMs: 3_000 });
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Logs{run === "" ? "" : ` of ${run}`}</Heading>
      <LogFilters connector={connector} level={level} onChange={(change) => go("logs", "", { run, ...change })} />
      <Shown reading={reading} what="the log">
        {(rows) => <LogLines rows={rows.filter((row) => rank(row.level) >= rank(level))} />}
      </Shown>
    </>
  );
}

function rank(level: string): number {
  return LEVELS.findIndex((name) => name === level);
}

interface ShownLines {
  /** "": of the desk and all of them. */
  readonly connector: string;
  readonly level: string;
}

/** `#/logs?connector=paper&level=warn&run=ID`. */
function filterOf(query: URLSearchParams): ShownLines & { readonly run: string } {
  const level = LEVELS.find((name) => name === query.get("level")) ?? "debug";
  return { connector: query.get("connector") ?? "", level, run: query.get("run") ?? "" };
}

interface LogFiltersProps extends ShownLines {
  readonly onChange: (filter: Readonly<Record<keyof ShownLines, string>>) => void;
}

function LogFilters({ connector, level, onChange }: LogFiltersProps): JSX.Element {
  const names = (useStatus()?.connectors ?? []).map(({ name }) => name);
  const [connectorId, levelId] = [useId(), useId()];
  return (
    <div class="filters">
      <label for={connectorId}>
        connector
        <select
          id={connectorId}
          data-filter
          value={connector}
          onChange={({ currentTarget }) => onChange({ level, connector: currentTarget.value })}
        >
          <option value="">all</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label for={levelId}>
        from level
        <select
          id={levelId}
          value={level}
          onChange={({ currentTarget }) => onChange({ connector, level: currentTarget.value })}
        >
          {LEVELS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** Follows the end; a human who scrolled up stays where they are. */
function LogLines({ rows }: { readonly rows: readonly LogRow[] }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  useEffect(() => {
    if (isFollowing) frame.current?.scrollTo({ top: frame.current.scrollHeight });
  });
  if (rows.length === 0) return <Empty>No line of this kind among the last {TAIL}.</Empty>;
  return (
    <>
      <div
        ref={frame}
        class="frame log"
        role="region"
        aria-label="log lines"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          setFollowing(scrollHeight - scrollTop - clientHeight < 40)
        }
      >
        <ol>
          {rows.map((row, index) => (
            <LogLine key={`${row.ts}-${index}`} row={row} />
          ))}
        </ol>
      </div>
      <p class="dim small" role="status">
        {isFollowing ? "New lines appear at the end." : "Paused: scroll to the end to follow."}
      </p>
    </>
  );
}

function LogLine({ row }: { readonly row: LogRow }): JSX.Element {
  const { ts, level, message, ...fields } = row;
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return (
    <li class={level}>
      <Time at={ts} /> <b>{level}</b> {escapeInvisibleInText(message)}{" "}
      <span class="dim">{pairs.map(escapeInvisible).join(" ")}</span>
    </li>
  );
}
