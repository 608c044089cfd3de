/** The proposals that wait, beside the review of one. */
import type { JSX } from "preact";
import { useCommand } from "../keyboard.ts";
import { SaidLine } from "../parts/texts.tsx";
import { go, hrefOf } from "../router.ts";
import { useStatus, waitingOf } from "../status.ts";

export function Queue({ current }: { readonly current: string }): JSX.Element {
  const status = useStatus();
  const proposals = status?.proposals ?? [];
  const open = waitingOf(status).map(({ id }) => id);
  const at = open.indexOf(current);
  const step = (by: number): void => {
    const next = open[Math.min(Math.max(at + by, 0), open.length - 1)];
    if (next !== undefined && next !== current) go("review", next);
  };
  useCommand("j", "next in the list", () => step(1));
  useCommand("k", "previous in the list", () => step(-1));
  return (
    <nav class="queue" aria-label="Proposals that wait">
      <h2>
        Waits for you <span class="dim">{proposals.length}</span>
      </h2>
      {proposals.length === 0 ? <p class="dim small">Nothing.</p> : null}
      <ul>
        {proposals.map((proposal) => (
          <li key={proposal.path}>
            {proposal.needs === "approval" ? (
              <a href={hrefOf("review", proposal.id)} aria-current={proposal.id === current ? "page" : undefined}>
                <span class="id">{proposal.id}</span>
                <span>{proposal.sentence}</span>
                {proposal.decision === "block" ? <span class="tone-bad small">✗ a guard blocks it</span> : null}
              </a>
            ) : (
              <div class="problem">
                <span class="id">{proposal.id}</span>
                <span class="tone-warn small">! needs {proposal.needs.replaceAll("-", " ")}</span>
                {proposal.untrusted === null ? null : (
                  <span class="small">
                    <SaidLine text={proposal.untrusted.text} />
                  </span>
                )}
              </div>
            )}
          </li>
        ))}
      </ul>
    </nav>
  );
}
