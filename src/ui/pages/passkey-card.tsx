/** The passkeys that approve live orders on this page, and how to make one. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { RequestError } from "../desk-client.ts";
import { usePage, useReading } from "../page-context.ts";
import { type OfferedPasskey, makePasskey, noPasskeys } from "../passkey.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Age, ErrorNotice } from "../parts/texts.tsx";
import { CannotSign } from "../session-key.ts";
import { useSending } from "../sending.ts";
import { useStatus } from "../status.ts";

interface PasskeyRow extends OfferedPasskey {
  readonly state: "in force" | "offered";
  readonly origin: string;
  readonly credential: string;
}

const PASSKEYS = { command: "passkeys list", input: {}, topics: ["pages"] };

export function PasskeyCard(): JSX.Element {
  const { client } = usePage();
  const known = useReading<readonly PasskeyRow[]>(PASSKEYS);
  const rows = known.value.value ?? [];
  const name = useStatus()?.workspace.name ?? "Qoc";
  const { isSending, error, send } = useSending();
  const [digest, setDigest] = useState("");
  const make = async (): Promise<void> => {
    try {
      setDigest(
        (await makePasskey(client, { deskName: name, known: rows.map(({ credential }) => credential) })).digest,
      );
    } catch (failure) {
      if (failure instanceof CannotSign)
        throw new RequestError({
          code: "PASSKEY_NOT_USED",
          message: "no passkey was made",
          hint: "if this device has a passkey of the desk already, use that one",
        });
      throw failure;
    }
    await known.read();
  };
  const mine = rows.find((row) => row.digest === digest && row.state === "offered");
  const reason = noPasskeys() ?? (isSending ? "The browser is asking you." : undefined);
  return (
    <Card title="Passkeys for live orders" aside={<Age since={known.askedAt.value} />}>
      <ul data-as-of={known.askedAt.value}>
        {rows.map((row) => (
          <li key={row.digest}>
            <strong>{row.name.replaceAll("-", " ")}</strong> <span class="dim">{row.origin}</span>,{" "}
            {row.state === "in force" ? "approves live orders" : "waits for the live key"}
          </li>
        ))}
      </ul>
      {rows.length === 0 ? <p>Without a passkey, live orders are approved in a terminal.</p> : null}
      {mine === undefined ? null : (
        <p>
          Nothing counts until the live key has signed it. In a terminal:
          <br />
          <code class="digest">qoc passkeys add {digest}</code>
        </p>
      )}
      {error === undefined ? null : <ErrorNotice error={error} />}
      <Button off={reason} onPress={() => void send(make)}>
        Make a passkey
      </Button>
      <p class="dim small">
        {noPasskeys() ?? (
          <>
            The browser asks you twice. To remove one: <code>qoc passkeys remove NAME</code>
          </>
        )}
      </p>
    </Card>
  );
}
