/** Connectors: how each one is, what it cannot guarantee, and how to restart it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useLostLine, usePage, useReading } from "../page-context.ts";
import { Ask } from "../parts/ask.tsx";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Heading } from "../parts/heading.tsx";
import { ConnectorMark, ModeTag, Unavailable } from "../parts/marks.tsx";
import { Age, Empty, ErrorNotice, SaidLine, Shown } from "../parts/texts.tsx";
import { hrefOf } from "../router.ts";
import { useSending } from "../sending.ts";
import { DoctorCard } from "./doctor-card.tsx";

interface ConnectorRow {
  readonly name: string;
  readonly state: string;
  /** The desk and its venue could not be compared; `lastError` says why. */
  readonly comparisonFails?: boolean | undefined;
  readonly type: string;
  readonly mode: string;
  readonly orders: boolean;
  readonly isolation: string;
  readonly adapter: string | null;
  readonly restarts: number;
  readonly methods: readonly string[];
  /** In the connector’s own words. */
  readonly lastError: string | null;
  readonly queueDepth: number;
  readonly memoryMb: number | null;
  readonly readyInMs: number | null;
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
  readonly refusedFills: number;
  /** Sentences: what the desk cannot promise for it. */
  readonly lost: readonly string[];
}

export function ConnectorsPage(): JSX.Element {
  const question = { command: "connectors list", input: {}, topics: ["connector:"], everyMs: 5_000 };
  const reading = useReading<readonly ConnectorRow[]>(question);
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Connectors</Heading>
      <Shown reading={reading} what="the connectors">
        {(connectors) =>
          connectors.length === 0 ? (
            <NoConnector />
          ) : (
            <div class="columns">
              {connectors.map((connector) => (
                <ConnectorCard key={connector.name} connector={connector} />
              ))}
            </div>
          )
        }
      </Shown>
      <DoctorCard />
    </>
  );
}

/** A table that works as it is. */
const PAPER_TABLE = '[[connector]]\nname = "paper"\ntype = "paper"\nenabled = true';

function NoConnector(): JSX.Element {
  return (
    <>
      <Empty>
        No connector in desk.toml. <code>qoc connect</code> adds a venue; these lines add the simulated one, at the next{" "}
        <code>qoc up</code>:
      </Empty>
      <pre>{PAPER_TABLE}</pre>
    </>
  );
}

function ConnectorCard({ connector }: { readonly connector: ConnectorRow }): JSX.Element {
  const { name, mode, state, comparisonFails = false, lastError, lost } = connector;
  return (
    <Card title={<span class="fg">{name}</span>} aside={<ConnectorMark {...{ state, comparisonFails }} />}>
      <p>
        <ModeTag mode={mode} /> {connector.type}, {connector.orders ? "routes orders" : "data only"}, isolation{" "}
        {connector.isolation}
      </p>
      <ConnectorFacts connector={connector} />
      {lastError === null ? null : (
        <p>
          {comparisonFails
            ? "The desk could not compare its orders and positions with its venue, so its orders are blocked: "
            : "Its last error: "}
          <SaidLine text={lastError} />
        </p>
      )}
      {lost.length === 0 ? null : (
        <details>
          <summary>What the desk cannot promise for it ({lost.length})</summary>
          <ul>
            {lost.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      )}
      <details>
        <summary>What it can do ({connector.methods.length})</summary>
        <p class="small">{connector.methods.join(", ")}</p>
        <p class="small">
          <code>{connector.adapter}</code>
        </p>
      </details>
      <ConnectorButtons name={name} />
    </Card>
  );
}

function ConnectorFacts({ connector }: { readonly connector: ConnectorRow }): JSX.Element {
  const { latencyMs, memoryMb, queueDepth, restarts, readyInMs, refusedFills } = connector;
  const unknown = <Unavailable />;
  return (
    <dl class="facts">
      <dt>latency</dt>
      <dd>{latencyMs === null ? unknown : `p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(1)} ms`}</dd>
      <dt>memory</dt>
      <dd>{memoryMb === null ? unknown : `${memoryMb} MB`}</dd>
      <dt>queue</dt>
      <dd>{queueDepth}</dd>
      <dt>restarts</dt>
      <dd>{restarts}</dd>
      <dt>ready in</dt>
      <dd>{readyInMs === null ? unknown : `${Math.round(readyInMs)} ms`}</dd>
      {refusedFills === 0 ? null : (
        <>
          <dt>malformed fills</dt>
          <dd class="tone-bad">✗ {refusedFills}</dd>
        </>
      )}
    </dl>
  );
}

function ConnectorButtons({ name }: { readonly name: string }): JSX.Element {
  const { client, data, drafts } = usePage();
  const [asks, setAsks] = useState(false);
  const { isSending, error, send } = useSending();
  const off = useLostLine() ?? (isSending ? "It is being sent." : undefined);
  const draft = `quarantine ${name}`;
  const close = (): void => {
    drafts.drop(draft);
    setAsks(false);
  };
  const run = async (command: string, input: Readonly<Record<string, string>>): Promise<void> => {
    await send(async () => {
      await client.call(command, input);
      close();
    });
    data.take({ kind: "changed", topics: [`connector:${name}`] });
  };
  return (
    <>
      {error === undefined || asks ? null : <ErrorNotice error={error} />}
      <div class="buttons">
        <Button off={off} onPress={() => void run("connectors restart", { name })}>
          Restart
        </Button>
        <Button kind="danger" off={off} onPress={() => setAsks(true)}>
          Quarantine…
        </Button>
        <a href={hrefOf("logs", "", { connector: name })}>Log</a>
      </div>
      {asks ? (
        <Ask
          title={`Stop ${name}`}
          field="your reason"
          draft={draft}
          action="Quarantine"
          error={error}
          isSending={isSending}
          off={off}
          onSend={(reason) => void run("connectors quarantine", { name, reason })}
          onClose={close}
        >
          <p>Its thread ends, and it stays down until you restart it. Orders at its venue stay there.</p>
        </Ask>
      ) : null}
    </>
  );
}
