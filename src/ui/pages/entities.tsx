/** What the desk knows about companies, funds and coins: one file each. */
import type { JSX } from "preact";
import type { Untrusted } from "../../domain/untrusted.ts";
import { Markdown } from "../markdown/markdown-view.tsx";
import { useReading } from "../page-context.ts";
import { Card } from "../parts/card.tsx";
import { type TableColumn, DataTable, StillRows } from "../parts/data-table.tsx";
import { Age, SaidLine, Shown } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";

interface EntityRow {
  readonly symbol: string;
  readonly kind: string;
  readonly path: string;
  readonly isReadable: boolean;
  /** Its name, or what is wrong with its file. */
  readonly untrusted: Untrusted;
}

interface EntityList {
  readonly entries: readonly EntityRow[];
  readonly next: string | null;
}

const TOPICS = ["entities", "run:"];
const LIST = { command: "entities list", input: {}, topics: TOPICS };

const COLUMNS: readonly TableColumn<EntityRow>[] = [
  { title: "symbol", cell: ({ symbol }) => symbol },
  {
    title: "name",
    cell: ({ isReadable, untrusted }) => (
      <>
        {isReadable ? "" : <span class="tone-warn">! unreadable: </span>}
        <SaidLine text={untrusted.text} />
      </>
    ),
    phone: "first",
  },
  { title: "kind", cell: ({ kind }) => kind },
];

export function EntitiesCard(): JSX.Element {
  const reading = useReading<EntityList>(LIST);
  return (
    <Card title="Entities" aside={<Age since={reading.askedAt.value} />}>
      <Shown reading={reading} what="the entities" still={<StillRows columns={COLUMNS} isShort />}>
        {({ entries, next }) => (
          <>
            <DataTable
              caption="entities"
              columns={COLUMNS}
              rows={entries}
              keyOf={({ path }) => path}
              hrefOf={({ symbol, path, isReadable }) =>
                isReadable ? hrefOf("research", symbol) : hrefOf("files", path)
              }
              empty={
                <>
                  None. A file <code>entities/SYMBOL.md</code> describes a company, fund or coin to agents.
                </>
              }
            />
            {next === null ? null : (
              <p class="dim">
                The first {entries.length}. <a href={hrefOf("files", "", { in: "entities" })}>All are files.</a>
              </p>
            )}
          </>
        )}
      </Shown>
    </Card>
  );
}

/** Nothing, if the desk has no readable file about the symbol. */
export function EntityOf({ symbol }: { readonly symbol: string }): JSX.Element | null {
  const entries = useReading<EntityList>(LIST).value.value?.entries ?? [];
  const isKnown = entries.some((entry) => entry.symbol === symbol && entry.isReadable);
  return isKnown ? <EntityCard symbol={symbol} /> : null;
}

interface EntityText {
  readonly path: string;
  readonly untrusted: Untrusted;
}

function EntityCard({ symbol }: { readonly symbol: string }): JSX.Element {
  const reading = useReading<EntityText>({ command: "entities read", input: { symbol }, topics: TOPICS });
  return (
    <Card title={`What the desk knows about ${symbol}`} aside={<Age since={reading.askedAt.value} />}>
      <Shown reading={reading} what="the entity">
        {({ untrusted }) => <Markdown words={untrusted} label="the entity’s text" />}
      </Shown>
    </Card>
  );
}
