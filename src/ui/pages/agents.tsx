/** Agents with access, what they were refused, runs under way, and schedules. */
import type { JSX } from "preact";
import type { StatusView } from "../../domain/status-view.ts";
import type { Untrusted } from "../../domain/untrusted.ts";
import { escapeInvisibleInText } from "../../lib/invisible-characters.ts";
import type { Reading } from "../desk-data.ts";
import { usePage, useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { StateMark } from "../parts/marks.tsx";
import { HeldList } from "../parts/held-rows.tsx";
import { Heading } from "../parts/heading.tsx";
import { Age, Empty, ErrorNotice, SaidLine, Shown, StillLines, Time } from "../parts/texts.tsx";
import { type RoutedPage, hrefOf } from "../router.ts";
import { useSending } from "../sending.ts";
import { STATUS } from "../status.ts";

export function AgentsPage({ id }: RoutedPage): JSX.Element {
  const reading = useReading<StatusView>(STATUS);
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Agents</Heading>
      {id === "" ? null : <RunLog key={id} run={id} />}
      <Shown reading={reading} what="the agents">
        {(status) => (
          <div class="columns">
            <div>
              <RunsCard status={status} askedAt={reading.askedAt.value} />
              <SchedulesCard status={status} />
            </div>
            <div>
              <AccessCard status={status} />
              <RefusalsCard />
            </div>
          </div>
        )}
      </Shown>
    </>
  );
}

interface RunsCardProps {
  readonly status: StatusView;
  /** When the status was asked for. */
  readonly askedAt: number;
}

function RunsCard({ status, askedAt }: RunsCardProps): JSX.Element {
  const { runs, queue = [] } = status;
  const list = useReading<readonly RunRow[]>({ command: "runs list", input: {}, topics: ["run:"] });
  return (
    <Card title="Runs" aside={<Age since={[askedAt, list.askedAt.value]} />}>
      <p class="dim">Program: {runs.runtime}</p>
      {runs.unconfined ? <p class="tone-warn">! It runs without a sandbox: it can do what you can.</p> : null}
      <HeldList rows={queue} keyOf={({ schedule, task }) => schedule + task}>
        {({ schedule, task, state, due }) => (
          <>
            {task} of {schedule} {state === "waiting" ? "waits" : "runs"}
            {due === null ? "" : ", due "}
            {due === null ? null : <Time at={due} />}
          </>
        )}
      </HeldList>
      <RunList reading={list} />
    </Card>
  );
}

interface RunRow {
  readonly run: string;
  readonly issue: string;
  readonly state: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly costUsd: string | null;
  readonly summary: string | null;
}

function RunList({ reading }: { readonly reading: Reading<readonly RunRow[]> }): JSX.Element {
  return (
    <Shown reading={reading} what="the runs" still={<StillLines isDouble />}>
      {(rows) => (
        <HeldList
          rows={rows}
          keyOf={({ run }) => run}
          empty={
            <Empty>
              No run yet. <a href={hrefOf("issues")}>Hand an issue to an agent.</a>
            </Empty>
          }
        >
          {({ run, issue, state, startedAt, endedAt, costUsd, summary }) => (
            <>
              <a href={hrefOf("agents", run)}>{run}</a> <StateMark state={state} />{" "}
              {state === "running" ? <StopRun run={run} /> : null}
              <br />
              <span class="dim small">
                {issue}
                {startedAt === null ? "" : ", "}
                {startedAt === null ? null : <Time at={startedAt} age={endedAt === null} />}
                {costUsd === null ? "" : `, ${costUsd} USD`}
              </span>{" "}
              {summary === null ? null : <a href={hrefOf("research", summary)}>summary</a>}
            </>
          )}
        </HeldList>
      )}
    </Shown>
  );
}

function StopRun({ run }: { readonly run: string }): JSX.Element {
  const { client, data } = usePage();
  const { isSending, error, send } = useSending();
  const stop = (): Promise<void> =>
    send(async () => {
      await client.call("runs stop", { run });
      data.take({ kind: "changed", topics: [`run:${run}`] });
    });
  return (
    <>
      <Button
        kind="danger"
        label={`Stop ${run}`}
        off={isSending ? "It is being stopped." : undefined}
        onPress={() => void stop()}
      >
        Stop
      </Button>
      {error === undefined ? null : <ErrorNotice error={error} />}
    </>
  );
}

interface RunLogLine {
  readonly ts: string;
  readonly message: string;
}

/** What one run did, line by line, while it works. */
function RunLog({ run }: { readonly run: string }): JSX.Element {
  const question = { command: "logs", input: { run, tail: 500 }, topics: ["run:"], everyMs: 2_000 };
  const reading = useReading<readonly RunLogLine[]>(question);
  return (
    <Card title={<code>{run}</code>} aside={<Age since={reading.askedAt.value} />}>
      <Shown reading={reading} what="the run">
        {(lines) => (
          <ol class="history run-log" tabIndex={0} aria-label="what the run did">
            {lines.map(({ ts, message }, index) => (
              <li key={`${ts}-${index}`}>
                <Time at={ts} /> {escapeInvisibleInText(message)}
              </li>
            ))}
          </ol>
        )}
      </Shown>
    </Card>
  );
}

function AccessCard({ status }: { readonly status: StatusView }): JSX.Element {
  const { client, data } = usePage();
  const { error, send } = useSending();
  const revoke = (agent: string): Promise<void> =>
    send(async () => {
      await client.call("agents revoke", { name: agent });
      data.take({ kind: "changed", topics: [""] });
    });
  return (
    <Card title="Access of other programs">
      <HeldList
        rows={status.agents}
        keyOf={({ agent }) => agent}
        empty={
          <Empty>
            No program has a token. <code>qoc agents setup</code> makes one.
          </Empty>
        }
      >
        {({ agent, client: program, lastSeenAt }) => (
          <>
            <strong>{agent}</strong> <SaidLine text={program} />{" "}
            <span class="dim small">{lastSeenAt === null ? "not seen since the start" : "seen "}</span>
            {lastSeenAt === null ? null : <Time at={lastSeenAt} age />}{" "}
            <Button kind="danger" label={`Revoke ${agent}`} onPress={() => void revoke(agent)}>
              Revoke
            </Button>
          </>
        )}
      </HeldList>
      {error === undefined ? null : <ErrorNotice error={error} />}
    </Card>
  );
}

interface RefusedRow {
  readonly at: string;
  readonly agent: string;
  readonly count: number;
  readonly reason: string;
  /** The name that the agent tried. */
  readonly untrusted: Untrusted;
}

/** What agents tried and were refused. The stream names attempts only at the end of their minute: it is read often. */
function RefusalsCard(): JSX.Element {
  const question = { command: "refusals list", input: { limit: 20 }, topics: ["agents"], everyMs: 10_000 };
  const reading = useReading<readonly RefusedRow[]>(question);
  return (
    <Card title="Refused attempts" aside={<Age since={reading.askedAt.value} />}>
      <Shown reading={reading} what="the refused attempts" still={<StillLines isDouble />}>
        {(rows) => (
          <HeldList
            rows={rows}
            keyOf={({ at, agent, untrusted }) => `${at} ${agent} ${untrusted.text}`}
            empty={<Empty>No agent has tried anything that it may not do.</Empty>}
          >
            {({ at, agent, count, reason, untrusted }) => (
              <>
                <span class="tone-warn" aria-hidden="true">
                  !{" "}
                </span>
                <strong>{agent}</strong> tried <SaidLine text={untrusted.text} />
                {count === 1 ? "" : ` ${count} times`}
                <br />
                <span class="dim small">
                  refused: {reason}, <Time at={at} age />
                </span>
              </>
            )}
          </HeldList>
        )}
      </Shown>
    </Card>
  );
}

function SchedulesCard({ status }: { readonly status: StatusView }): JSX.Element {
  return (
    <Card title="Schedules">
      <HeldList
        rows={status.schedules}
        keyOf={({ path, name }) => path + name}
        empty={
          <Empty>
            Nothing runs by itself. <code>qoc schedules add</code> makes a schedule.
          </Empty>
        }
      >
        {({ name, state, task, next, problem, fix }) => (
          <>
            <strong>{name}</strong> {task ?? ""} <span class="dim">{state}</span>
            {next[0] === undefined ? null : (
              <>
                , next <Time at={next[0]} />
              </>
            )}
            {problem === null ? null : (
              <p class="tone-warn small">
                ! {problem} {fix === null ? null : <code>{fix}</code>}
              </p>
            )}
          </>
        )}
      </HeldList>
    </Card>
  );
}
