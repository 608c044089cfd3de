/** Settings of this browser, and its session. */
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { usePage } from "../page-context.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Heading } from "../parts/heading.tsx";
import { CHOICES } from "../preferences.ts";
import { PasskeyCard } from "./passkey-card.tsx";
import { route } from "../router.ts";

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

function SessionCard(): JSX.Element {
  const { session } = usePage();
  return (
    <Card title="Session">
      <p>
        This browser’s session is <strong>{session.name.replaceAll("-", " ")}</strong>: the words that the terminal
        showed.
      </p>
      <p class="dim">
        All sessions: <code>qoc ui list</code>. To end one or all: <code>qoc ui revoke</code>.
      </p>
      <Button
        kind="danger"
        onPress={() => {
          route.value = { page: "", id: "", query: new URLSearchParams() };
          void session.signOut();
        }}
      >
        Sign out
      </Button>
    </Card>
  );
}
