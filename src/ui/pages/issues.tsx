/** Issues by status; one can be written, and handed to an agent. */
import type { Untrusted } from "../../domain/untrusted.ts";
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { counted } from "../amounts.ts";
import { type RequestError, requestErrorOf } from "../desk-client.ts";
import { Markdown } from "../markdown/markdown-view.tsx";
import { usePage, useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Choices } from "../parts/choices.tsx";
import { useHeldRows } from "../parts/held-rows.tsx";
import { Heading } from "../parts/heading.tsx";
import { Age, Empty, ErrorNotice, Notice, SaidLine, Shown, StillLines } from "../parts/texts.tsx";
import { type RoutedPage, hrefOf } from "../router.ts";
import { useSending } from "../sending.ts";
import { useStatus } from "../status.ts";

interface IssueRow {
  readonly id: string;
  readonly path: string;
  readonly status: string;
  readonly priority: string;
  readonly symbols: readonly string[];
  readonly contextFiles: readonly string[];
  readonly untrusted: { readonly title: Untrusted; readonly body: Untrusted };
}

const COLUMNS = ["open", "in-progress", "review", "blocked", "draft", "done"] as const;

export function IssuesPage({ id }: RoutedPage): JSX.Element {
  const reading = useReading<readonly IssueRow[]>({ command: "issues list", input: {}, topics: ["issues", "run:"] });
  return (
    <>
      <Heading aside={<Age since={reading.askedAt.value} />}>Issues</Heading>
      <Shown
        reading={reading}
        what="the issues"
        still={
          <div class="board">
            <Card title={<span class="still-text">{"\u00A0"}</span>}>
              <StillLines isDouble />
            </Card>
          </div>
        }
      >
        {(issues) => {
          const issue = issues.find((each) => each.id === id);
          return issue === undefined ? <IssueBoard issues={issues} /> : <OneIssue issue={issue} />;
        }}
      </Shown>
    </>
  );
}

function IssueBoard({ issues }: { readonly issues: readonly IssueRow[] }): JSX.Element {
  // An issue of another status is in another column.
  const held = useHeldRows({ rows: issues, keyOf: ({ path, status }) => `${status} ${path}` });
  return (
    <>
      {issues.length === 0 ? (
        <Empty>
          No issue. Write one below, or type <code>qoc issues new</code>.
        </Empty>
      ) : null}
      <div class="held board" {...held.area}>
        {held.note}
        {COLUMNS.map((status) => {
          const own = held.rows.filter((issue) => issue.status === status);
          if (own.length === 0) return null;
          return (
            <Card key={status} title={`${status} ${own.length}`}>
              <ul class="plain">
                {own.map((issue) => (
                  <li key={issue.path} class={held.isGone(issue) ? "gone" : undefined} inert={held.isGone(issue)}>
                    <a href={hrefOf("issues", issue.id)}>
                      {issue.id} <SaidLine text={issue.untrusted.title.text} />
                    </a>
                    <br />
                    <span class="dim small">
                      {issue.priority} {issue.symbols.join(", ")}
                    </span>
                  </li>
                ))}
              </ul>
            </Card>
          );
        })}
      </div>
      <NewIssue />
    </>
  );
}

function NewIssue(): JSX.Element {
  const { client, data, drafts } = usePage();
  const [titleDraft, bodyDraft] = [drafts.of("issue title"), drafts.of("issue")];
  const [title, body] = [titleDraft.value, bodyDraft.value];
  const { error, send } = useSending();
  const [titleId, bodyId] = [useId(), useId()];
  const off = title.trim() === "" ? "write a title first" : undefined;
  const create = async (): Promise<void> => {
    await client.call("issues new", { title: title.trim(), body: body.trim() === "" ? undefined : body });
    titleDraft.value = "";
    bodyDraft.value = "";
    data.take({ kind: "changed", topics: ["issues"] });
  };
  return (
    <Card title="A new issue">
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (off === undefined) void send(create);
        }}
      >
        <label for={titleId}>title</label>
        <input
          id={titleId}
          value={title}
          onInput={({ currentTarget }) => {
            titleDraft.value = currentTarget.value;
          }}
        />
        <label for={bodyId}>goal, constraints, acceptance</label>
        <textarea
          id={bodyId}
          rows={4}
          value={body}
          onInput={({ currentTarget }) => {
            bodyDraft.value = currentTarget.value;
          }}
        />
        {error === undefined ? null : <ErrorNotice error={error} />}
        <div class="buttons">
          <Button type="submit" kind="go" off={off}>
            Create
          </Button>
        </div>
      </form>
    </Card>
  );
}

const STATUSES = ["open", "in-progress", "review", "blocked", "done", "cancelled"];

function OneIssue({ issue }: { readonly issue: IssueRow }): JSX.Element {
  const { client, data } = usePage();
  const { error, send } = useSending();
  const setStatus = (status: string): Promise<void> =>
    send(async () => {
      await client.call("issues update", { issue: issue.id, status });
      data.take({ kind: "changed", topics: ["issues"] });
    });
  return (
    <>
      <p>
        <a href={hrefOf("issues")}>‹ all issues</a>
      </p>
      <div class="columns">
        <Card title={<code>{issue.path}</code>} aside={issue.priority}>
          <h3 class="fg">
            <SaidLine text={issue.untrusted.title.text} />
          </h3>
          <Markdown words={issue.untrusted.body} label="the issue’s text" />
          <Choices
            label="status"
            choices={STATUSES}
            chosen={issue.status}
            onChoose={(status) => void setStatus(status)}
          />
          {error === undefined ? null : <ErrorNotice error={error} />}
        </Card>
        <HandToAgent issue={issue} />
      </div>
    </>
  );
}

interface RunPlan {
  readonly runtime: string;
  readonly bundle: string;
  readonly tools: readonly string[];
}

/** First what the agent would be given; then, if the human says so, the run. */
function HandToAgent({ issue }: { readonly issue: IssueRow }): JSX.Element {
  const { client } = usePage();
  const [plan, setPlan] = useState<RunPlan | undefined>();
  const [isStarted, setStarted] = useState(false);
  const [isCalling, setCalling] = useState(false);
  const [error, setError] = useState<RequestError | undefined>();
  const call = async <T,>(dryRun: boolean): Promise<T | undefined> => {
    setError(undefined);
    try {
      return (await client.call<T>("run", dryRun ? { issue: issue.id, dryRun } : { issue: issue.id })).value;
    } catch (caught) {
      // The page does not wait for a long run: the stream follows it.
      const failed = requestErrorOf(caught);
      if (dryRun || failed.code !== "NO_ANSWER") setError(failed);
      return undefined;
    }
  };
  const start = async (): Promise<void> => {
    setStarted(true);
    setCalling(true);
    await call(false);
    setCalling(false);
  };
  const running = useStatus()?.runs.running ?? [];
  const isRunning = isStarted && (isCalling || running.some(({ issue: path }) => path === issue.path));
  return (
    <Card title="Hand it to an agent">
      {plan === undefined ? (
        <Button onPress={() => void call<RunPlan>(true).then(setPlan)}>See what the agent would get</Button>
      ) : (
        <>
          <p>
            Program: <strong>{plan.runtime}</strong>. It gets {counted(plan.tools.length, "tool")} and none that sends
            an order:
          </p>
          <p class="small">{plan.tools.join(", ")}</p>
          <details>
            <summary>Its instructions</summary>
            <pre class="said-source" tabIndex={0}>
              {plan.bundle}
            </pre>
          </details>
          <div class="buttons">
            <Button kind="go" off={isRunning ? "The agent is at work." : undefined} onPress={() => void start()}>
              {isRunning ? "The agent is at work…" : "Start the agent"}
            </Button>
          </div>
        </>
      )}
      {error === undefined ? null : <ErrorNotice error={error} title="The run did not end well." />}
      {isStarted ? (
        <Notice tone="info" role="status">
          {isRunning ? "What it does is on the page" : "It has ended. What it did is on the page"}{" "}
          <a href={hrefOf("agents")}>Agents</a>; what it proposes waits in <a href={hrefOf("review")}>Review</a>.
        </Notice>
      ) : null}
    </Card>
  );
}
