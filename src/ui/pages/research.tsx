/** Notes, entities and news, and the prices of an instrument. */
import type { Untrusted } from "../../domain/untrusted.ts";
import type { JSX } from "preact";
import { escapeInvisible } from "../../lib/invisible-characters.ts";
import { useId, useState } from "preact/hooks";
import { grouped } from "../amounts.ts";
import { useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { type TableColumn, DataTable, StillRows } from "../parts/data-table.tsx";
import { HeldList } from "../parts/held-rows.tsx";
import { Heading } from "../parts/heading.tsx";
import { Age, Empty, SaidLine, Shown, StillLines, Time } from "../parts/texts.tsx";
import { PriceCard } from "../plots/price-plot.tsx";
import { type RoutedPage, go, hrefOf } from "../router.ts";
import { useStatus } from "../status.ts";
import { EntitiesCard, EntityOf } from "./entities.tsx";
import { FileCard } from "./file-card.tsx";

interface NoteRow {
  readonly path: string;
  readonly bytes: number;
}

/** A path of the workspace has the ending of a text file; everything else is a symbol. */
function isPath(id: string): boolean {
  return /\.(md|toml|txt|csv|json|ya?ml)$/.test(id);
}

export function ResearchPage({ id }: RoutedPage): JSX.Element {
  return (
    <>
      <Heading>Research{id === "" || isPath(id) ? "" : `: ${id}`}</Heading>
      <SymbolForm />
      {id === "" ? null : isPath(id) ? (
        <FileCard key={id} path={id} closeHref={hrefOf("research")} />
      ) : (
        <>
          <EntityOf key={`entity ${id}`} symbol={id} />
          <PriceCard key={id} symbol={id} />
        </>
      )}
      <div class="columns">
        <NotesCard />
        <EntitiesCard />
        <NewsCard />
      </div>
    </>
  );
}

function SymbolForm(): JSX.Element {
  const [symbol, setSymbol] = useState("");
  const field = useId();
  const known = (useStatus()?.book.positions ?? []).map((position) => position.symbol);
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        if (symbol.trim() !== "") go("research", symbol.trim());
      }}
    >
      <label for={field}>
        prices of
        <input
          id={field}
          data-filter
          value={symbol}
          placeholder="a symbol"
          onInput={({ currentTarget }) => setSymbol(currentTarget.value)}
        />
      </label>
      <Button type="submit">Show</Button>
      {[...new Set(known)].slice(0, 8).map((name) => (
        <a key={name} href={hrefOf("research", name)}>
          {name}
        </a>
      ))}
    </form>
  );
}

const COLUMNS: readonly TableColumn<NoteRow>[] = [
  { title: "file", cell: ({ path }) => escapeInvisible(path) },
  { title: "bytes", cell: ({ bytes }) => grouped(String(bytes)), isNumber: true },
];

function NotesCard(): JSX.Element {
  const question = { command: "research list", input: {}, topics: ["research", "run:"] };
  const reading = useReading<readonly NoteRow[]>(question);
  return (
    <Card
      title="Notes"
      aside={
        <>
          <Age since={reading.askedAt.value} /> <a href={hrefOf("files")}>all files</a>
        </>
      }
    >
      <Shown reading={reading} what="the notes" still={<StillRows columns={COLUMNS} isShort />}>
        {(notes) => (
          <DataTable
            caption="notes"
            columns={COLUMNS}
            rows={notes}
            keyOf={({ path }) => path}
            hrefOf={({ path }) => hrefOf("research", path)}
            empty={
              <>
                No note. An agent writes them, or <code>qoc research write</code>.
              </>
            }
          />
        )}
      </Shown>
    </Card>
  );
}

interface NewsList {
  readonly items: readonly {
    readonly path: string;
    readonly published?: string | null;
    readonly untrusted: Untrusted;
  }[];
  readonly feeds: readonly unknown[];
}

function NewsCard(): JSX.Element {
  const reading = useReading<NewsList>({ command: "news list", input: {}, topics: ["inbox"] });
  return (
    <Card title="News" aside={<Age since={reading.askedAt.value} />}>
      <Shown reading={reading} what="the news" still={<StillLines />}>
        {({ items, feeds }) => (
          <HeldList
            rows={items.slice(0, 30)}
            keyOf={({ path }) => path}
            empty={
              <Empty>
                {feeds.length === 0 ? (
                  <>
                    No feed. Add a <code>[[news]]</code> table to desk.toml.
                  </>
                ) : (
                  "No item yet."
                )}
              </Empty>
            }
          >
            {({ path, published, untrusted }) => (
              <>
                <a href={hrefOf("inbox", path)}>
                  <SaidLine text={untrusted.text} />
                </a>{" "}
                {published === null || published === undefined ? null : (
                  <span class="dim small">
                    <Time at={published} />
                  </span>
                )}
              </>
            )}
          </HeldList>
        )}
      </Shown>
    </Card>
  );
}
