/** The record: decisions of humans, and the check of the journal. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { counted } from "../amounts.ts";
import { usePage } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Heading } from "../parts/heading.tsx";
import { ErrorNotice, Notice, Time } from "../parts/texts.tsx";
import { useSending } from "../sending.ts";
import { DecisionsCard } from "./decision-lines.tsx";

interface JournalAnswer {
  readonly ok: boolean;
  readonly records: number;
  readonly signatures: number;
  readonly problemCount: number;
  readonly problems: readonly unknown[];
  readonly segments: number;
  readonly head: string;
  readonly anchors: number;
}

export function RecordPage(): JSX.Element {
  return (
    <>
      <Heading>Record</Heading>
      <div class="columns">
        <DecisionsCard title="Decisions, newest first" limit={50} />
        <JournalCard />
      </div>
    </>
  );
}

function JournalCard(): JSX.Element {
  const { client } = usePage();
  const [state, setState] = useState<{ readonly at: number; readonly check: JournalAnswer } | undefined>();
  const { isSending: isChecking, error, send } = useSending();
  const verify = async (): Promise<void> => {
    const { value, askedAt } = await client.call<JournalAnswer>("journal verify");
    setState({ at: askedAt, check: value });
  };
  return (
    <Card title="The journal">
      <p class="dim">
        Every record is chained to the one before it, and every decision carries a signature. The check reads all of
        them.
      </p>
      <div class="buttons">
        <Button kind="go" off={isChecking ? "It is being checked." : undefined} onPress={() => void send(verify)}>
          {isChecking ? "Checking…" : "Check the journal"}
        </Button>
      </div>
      {error === undefined ? null : <ErrorNotice error={error} title="The journal was not checked." />}
      {state === undefined ? null : <CheckResult at={state.at} check={state.check} />}
    </Card>
  );
}

function CheckResult({ at, check }: { readonly at: number; readonly check: JournalAnswer }): JSX.Element {
  return (
    <Notice tone={check.ok ? "good" : "bad"} role="status" title={check.ok ? "Nothing is wrong." : "It is not intact."}>
      Checked at <Time at={at} />: {counted(check.records, "record")} in {counted(check.segments, "file")},{" "}
      {counted(check.signatures, "signature")}, {counted(check.anchors, "anchor")},{" "}
      {counted(check.problemCount, "problem")}.
      <br />
      <span class="small">
        head <code>{check.head}</code>
      </span>
      {check.problems.length === 0 ? null : (
        <ul>
          {check.problems.map((problem, index) => (
            <li key={index}>{typeof problem === "string" ? problem : JSON.stringify(problem)}</li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
