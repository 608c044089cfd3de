/** Fills, alerts and messages. */
import type { Untrusted } from "../../domain/untrusted.ts";
import type { JSX } from "preact";
import { escapeInvisible } from "../../lib/invisible-characters.ts";
import { useState } from "preact/hooks";
import { usePage, useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Choices } from "../parts/choices.tsx";
import { HeldList } from "../parts/held-rows.tsx";
import { Heading } from "../parts/heading.tsx";
import { Age, Empty, ErrorNotice, SaidLine, Shown, StillLines } from "../parts/texts.tsx";
import { type RoutedPage, hrefOf } from "../router.ts";
import { useSending } from "../sending.ts";
import { Markdown } from "../markdown/markdown-view.tsx";

interface InboxRow {
  readonly path: string;
  readonly kind: string;
  readonly status: string;
  readonly untrusted: Untrusted;
}

const SHOWN = ["new", "open", "blocked", "snoozed", "done", "all"] as const;
type ShownStatus = (typeof SHOWN)[number];

export function InboxPage({ id }: RoutedPage): JSX.Element {
  const [status, setStatus] = useState<ShownStatus>("new");
  const input = status === "all" ? {} : { status };
  const reading = useReading<readonly InboxRow[]>({ command: "inbox list", input, topics: ["inbox"] });
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Inbox</Heading>
      <Choices label="status" choices={SHOWN} chosen={status} onChoose={setStatus} />
      <div class="columns">
        <Shown
          reading={reading}
          what="the inbox"
          still={
            <div class="card items">
              <StillLines />
            </div>
          }
        >
          {(rows) => <InboxList rows={alertsFirst(rows)} current={id} status={status} />}
        </Shown>
        {id === "" ? null : <InboxItem key={id} path={id} />}
      </div>
    </>
  );
}

function alertsFirst(rows: readonly InboxRow[]): readonly InboxRow[] {
  return rows.toSorted((a, b) => Number(b.kind === "alert") - Number(a.kind === "alert"));
}

const KIND_SIGNS: Readonly<Record<string, string>> = {
  alert: "!",
  fill: "●",
  message: "✉",
  news: "¶",
  unreadable: "?",
};

function InboxList({
  rows,
  current,
  status,
}: {
  readonly rows: readonly InboxRow[];
  readonly current: string;
  readonly status: ShownStatus;
}): JSX.Element {
  return (
    <HeldList
      class="plain card items"
      rows={rows}
      keyOf={({ path }) => path}
      of={status}
      empty={<Empty>{status === "all" ? "The inbox is empty." : `Nothing in the inbox is ${status}.`}</Empty>}
    >
      {({ path, kind, status: state, untrusted }) => (
        <>
          <a href={hrefOf("inbox", path)} aria-current={path === current ? "true" : undefined}>
            <b class={kind === "alert" ? "tone-warn" : "dim"} aria-hidden="true">
              {KIND_SIGNS[kind] ?? "·"}{" "}
            </b>
            <span class="sr">{kind}: </span>
            <SaidLine text={untrusted.text} />
          </a>{" "}
          <span class="dim small">
            {kind}, {state}
          </span>
        </>
      )}
    </HeldList>
  );
}

interface InboxText {
  readonly path: string;
  readonly untrusted: Untrusted;
}

function InboxItem({ path }: { readonly path: string }): JSX.Element {
  const { client, data } = usePage();
  const reading = useReading<InboxText>({ command: "inbox read", input: { id: path }, topics: ["inbox"] });
  const { error, send } = useSending();
  const mark = (command: string): Promise<void> =>
    send(async () => {
      await client.call(command, { id: path });
      data.take({ kind: "changed", topics: ["inbox"] });
    });
  return (
    <Card title={<code>{escapeInvisible(path)}</code>} aside={<Age since={reading.askedAt.value} />}>
      <Shown reading={reading} what="the item">
        {({ untrusted }) => <Markdown words={untrusted} label="the item’s text" />}
      </Shown>
      {error === undefined ? null : <ErrorNotice error={error} />}
      <div class="buttons">
        <Button onPress={() => void mark("inbox done")}>Done</Button>
        <Button onPress={() => void mark("inbox snooze")}>Set aside</Button>
      </div>
    </Card>
  );
}
