/** The check of the desk: what is wrong with it, and what to type. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { escapeInvisible } from "../../lib/invisible-characters.ts";
import { usePage } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Age, ErrorNotice } from "../parts/texts.tsx";
import { useSending } from "../sending.ts";

interface DoctorAnswer {
  readonly checks: readonly {
    readonly name: string;
    readonly status: "ok" | "warn" | "fail" | "skip";
    readonly message: string;
    readonly fix?: string | undefined;
  }[];
}

const SIGNS = {
  ok: ["✓", "tone-good"],
  warn: ["!", "tone-warn"],
  fail: ["✗", "tone-bad"],
  skip: ["–", "dim"],
} as const;

export function DoctorCard(): JSX.Element {
  const { client } = usePage();
  const [found, setFound] = useState<{ readonly at: number; readonly answer: DoctorAnswer } | undefined>();
  const { isSending, error, send } = useSending();
  const check = async (): Promise<void> => {
    const { value, askedAt } = await client.call<DoctorAnswer>("doctor");
    setFound({ at: askedAt, answer: value });
  };
  return (
    <Card title="Check of the desk" aside={found === undefined ? undefined : <Age since={found.at} />}>
      {error === undefined ? null : <ErrorNotice error={error} title="The desk was not checked." />}
      {found === undefined ? null : (
        <ul class="plain" data-as-of={found.at}>
          {found.answer.checks.map(({ name, status, message, fix }) => (
            <li key={name}>
              <b class={SIGNS[status][1]} aria-hidden="true">
                {SIGNS[status][0]}
              </b>{" "}
              <span class="sr">{status}: </span>
              <strong>{name}</strong> {escapeInvisible(message)}
              {fix === undefined ? null : (
                <p class="small">
                  Next: <code>{escapeInvisible(fix)}</code>
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      <div class="buttons">
        <Button off={isSending ? "It is being checked." : undefined} onPress={() => void send(check)}>
          {isSending ? "Checking…" : "Check the desk"}
        </Button>
      </div>
    </Card>
  );
}
