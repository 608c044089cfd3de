/** The files of the workspace by path, one of them as text, and the lines that contain a text. */
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { Untrusted } from "../../domain/untrusted.ts";
import { escapeInvisible } from "../../lib/invisible-characters.ts";
import { grouped } from "../amounts.ts";
import { useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { type TableColumn, DataTable, StillRows } from "../parts/data-table.tsx";
import { HeldList } from "../parts/held-rows.tsx";
import { Heading } from "../parts/heading.tsx";
import { Age, Empty, SaidLine, Shown, StillLines, Time } from "../parts/texts.tsx";
import { type RoutedPage, go, hrefOf, route } from "../router.ts";
import { FileCard } from "./file-card.tsx";

/** The folders of a workspace. */
const FOLDERS = ["entities", "inbox", "issues", "orders", "research", "schedules", "snapshots"];

/** Records that may come with a change of a file. */
const TOPICS = ["research", "entities", "inbox", "issues", "schedules", "order:", "equity", "run:"];

export function FilesPage({ id }: RoutedPage): JSX.Element {
  const { query } = route.value;
  const under = query.get("in") ?? (id.includes("/") ? id.slice(0, id.lastIndexOf("/")) : "");
  const text = query.get("find") ?? "";
  return (
    <>
      <Heading>Files</Heading>
      <FolderLinks under={under} />
      <FindForm key={`${under} ${text}`} under={under} text={text} />
      {id === "" ? null : <FileCard key={id} path={id} closeHref={hrefOf("files", "", { in: under })} />}
      {text === "" ? (
        <FileList under={under} after={query.get("after") ?? ""} />
      ) : (
        <FoundLines under={under} text={text} after={query.get("after") ?? ""} />
      )}
    </>
  );
}

function FolderLinks({ under }: { readonly under: string }): JSX.Element {
  const [top] = under.split("/");
  return (
    <nav class="folders" aria-label="Folders">
      {["", ...FOLDERS].map((folder) => (
        <a
          key={folder}
          class="button quiet"
          href={hrefOf("files", "", { in: folder })}
          aria-current={folder === top ? "true" : undefined}
        >
          {folder === "" ? "all" : folder}
        </a>
      ))}
    </nav>
  );
}

interface Search {
  readonly under: string;
  readonly text: string;
}

/** The desk searches for two characters or more. */
const TEXT_CHARS_MIN = 2;

function FindForm({ under, text: asked }: Search): JSX.Element {
  const [text, setText] = useState(asked);
  const field = useId();
  const isShort = text.trim().length < TEXT_CHARS_MIN;
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isShort) go("files", "", { in: under, find: text.trim() });
      }}
    >
      <label for={field}>
        lines that contain
        <input
          id={field}
          data-filter
          value={text}
          placeholder="a text, upper or lower case"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <Button type="submit" off={isShort ? "write two characters or more" : undefined}>
        Find
      </Button>
      {asked === "" ? null : <a href={hrefOf("files", "", { in: under })}>all files</a>}
    </form>
  );
}

/** A part of a list: the answer of `files list` and `files search`. */
interface ListPart<T> {
  readonly entries: readonly T[];
  readonly next: string | null;
  readonly partial: boolean;
}

interface ListedFileRow {
  readonly path: string;
  readonly bytes: number;
  readonly modified: string;
}

const COLUMNS: readonly TableColumn<ListedFileRow>[] = [
  { title: "file", cell: ({ path }) => escapeInvisible(path) },
  { title: "bytes", cell: ({ bytes }) => grouped(String(bytes)), isNumber: true },
  { title: "changed", cell: ({ modified }) => <Time at={modified} />, isNumber: true },
];

function FileList({ under, after }: { readonly under: string; readonly after: string }): JSX.Element {
  const question = { command: "files list", input: { under, after }, topics: TOPICS, everyMs: 15_000 };
  const reading = useReading<ListPart<ListedFileRow>>(question);
  return (
    <Card title={under === "" ? "All files" : <code>{under}/</code>} aside={<Age since={reading.askedAt.value} />}>
      <Shown reading={reading} what="the files" still={<StillRows columns={COLUMNS} />}>
        {({ entries, next, partial }) => (
          <>
            <DataTable
              caption="files"
              columns={COLUMNS}
              rows={entries}
              keyOf={({ path }) => path}
              hrefOf={({ path }) => hrefOf("files", path)}
              empty="No file is here."
            />
            <PartLinks after={after} next={next} partial={partial} query={{ in: under }} />
          </>
        )}
      </Shown>
    </Card>
  );
}

interface FoundLine {
  readonly path: string;
  readonly line: number;
  readonly untrusted: Untrusted;
}

function FoundLines({ under, text, after }: Search & { readonly after: string }): JSX.Element {
  const question = { command: "files search", input: { text, under, after }, topics: [] };
  const reading = useReading<ListPart<FoundLine>>(question);
  return (
    <Card title="Lines that contain the text" aside={<Age since={reading.askedAt.value} />}>
      <Shown reading={reading} what="the lines" still={<StillLines isDouble />}>
        {({ entries, next, partial }) => (
          <>
            <HeldList
              rows={entries}
              keyOf={({ path, line }) => `${path}:${line}`}
              of={`${text} ${after}`}
              empty={<Empty>No line contains it.</Empty>}
            >
              {({ path, line, untrusted }) => (
                <>
                  <a href={hrefOf("files", path)}>
                    {escapeInvisible(path)}, line {line}
                  </a>
                  <br />
                  <SaidLine text={untrusted.text.trim()} />
                </>
              )}
            </HeldList>
            <PartLinks after={after} next={next} partial={partial} query={{ in: under, find: text }} />
          </>
        )}
      </Shown>
    </Card>
  );
}

interface PartLinksProps extends Pick<ListPart<never>, "next" | "partial"> {
  /** Where this part begins. */
  readonly after: string;
  readonly query: Readonly<Record<string, string>>;
}

function PartLinks({ after, next, partial, query }: PartLinksProps): JSX.Element | null {
  if (after === "" && next === null && !partial) return null;
  return (
    <p class="dim">
      {partial ? "! There are more files than the desk looks at: choose a folder. " : ""}
      {after === "" ? null : <a href={hrefOf("files", "", query)}>from the first</a>}{" "}
      {next === null ? null : <a href={hrefOf("files", "", { ...query, after: next })}>the next ones</a>}
    </p>
  );
}
