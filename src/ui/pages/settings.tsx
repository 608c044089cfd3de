/** Settings of this browser, and its session. */
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { usePage, useReading } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { HeldList } from "../parts/held-rows.tsx";
import { Heading } from "../parts/heading.tsx";
import { Age, ErrorNotice, Shown, Time } from "../parts/texts.tsx";
import { CHOICES } from "../preferences.ts";
import { PasskeyCard } from "./passkey-card.tsx";
import { route } from "../router.ts";
import { useSending } from "../sending.ts";

interface ChoiceProps<T extends string> {
  readonly name: string;
  readonly value: Signal<T>;
  readonly choices: readonly T[];
  readonly onChoose?: (choice: T) => void;
}

function Choice<T extends string>({ name, value, choices, onChoose }: ChoiceProps<T>): JSX.Element {
  return (
    <fieldset class="choice">
      <legend>{name}</legend>
      {choices.map((choice) => (
        <label key={choice}>
          <input
            type="radio"
            name={name}
            checked={value.value === choice}
            onChange={() => {
              value.value = choice;
              onChoose?.(choice);
            }}
          />{" "}
          {choice}
        </label>
      ))}
    </fieldset>
  );
}

export function SettingsPage(): JSX.Element {
  const { preferences } = usePage();
  return (
    <>
      <Heading>Settings</Heading>
      <div class="columns">
        <Card title="Of this browser">
          <Choice name="colours" value={preferences.theme} choices={CHOICES.theme} />
          <Choice name="a gain is" value={preferences.gains} choices={CHOICES.gains} />
          <Choice name="density" value={preferences.density} choices={CHOICES.density} />
          <Choice name="single keys" value={preferences.keys} choices={CHOICES.keys} />
          <Choice
            name="notifications"
            value={preferences.notices}
            choices={CHOICES.notices}
            onChoose={(choice) => {
              if (choice === "on" && "Notification" in globalThis) void Notification.requestPermission();
            }}
          />
          <p class="dim small">A notification says how many proposals wait. It never shows an order.</p>
        </Card>
        <SessionCard />
        <PasskeyCard />
      </div>
    </>
  );
}

interface SessionRow {
  readonly session: string;
  readonly scope: string;
  readonly openedAt: string;
  readonly usedAt: string;
}

const SESSIONS = { command: "ui list", input: {}, topics: ["pages"], everyMs: 60_000 };

function SessionCard(): JSX.Element {
  const { client, session } = usePage();
  const known = useReading<readonly SessionRow[]>(SESSIONS);
  const { isSending, error, send } = useSending();
  const revoke = (name: string): Promise<void> =>
    send(async () => {
      await client.call("ui revoke", { session: name });
      await known.read();
    });
  return (
    <Card title="Sessions" aside={<Age since={known.askedAt.value} />}>
      <p>
        This browser’s session is <strong>{session.name.replaceAll("-", " ")}</strong>: the words that the terminal
        showed.
      </p>
      <div class="buttons">
        <Button
          kind="danger"
          onPress={() => {
            route.value = { page: "", id: "", query: new URLSearchParams() };
            void session.signOut();
          }}
        >
          Sign out
        </Button>
      </div>
      <Shown reading={known} what="the sessions">
        {(rows) => (
          <HeldList rows={rows.filter((row) => row.session !== session.name)} keyOf={(row) => row.session}>
            {(row) => (
              <>
                <strong>{row.session.replaceAll("-", " ")}</strong>{" "}
                <span class="dim small">
                  approves {row.scope}, opened <Time at={row.openedAt} />, used <Time at={row.usedAt} age />
                </span>{" "}
                <Button
                  kind="danger"
                  label={`Revoke ${row.session}`}
                  off={isSending ? "It is being revoked." : undefined}
                  onPress={() => void revoke(row.session)}
                >
                  Revoke
                </Button>
              </>
            )}
          </HeldList>
        )}
      </Shown>
      {error === undefined ? null : <ErrorNotice error={error} />}
    </Card>
  );
}
