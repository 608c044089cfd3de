/** A modal dialog. It covers the header, so that it has a halt button of its own. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { halt } from "../decisions.ts";
import { usePage } from "../page-context.ts";
import { useSending } from "../sending.ts";
import { useStatus } from "../status.ts";
import { Button } from "./button.tsx";
import { ErrorNotice } from "./texts.tsx";

interface DialogProps {
  readonly title: string;
  readonly class?: string;
  readonly onClose: () => void;
  readonly children: (close: () => void) => ComponentChildren;
}

export function Dialog({ title, class: name = "", onClose, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class={`ask ${name}`} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children(() => dialog.current?.close())}
      <HaltInDialog />
    </dialog>
  );
}

function HaltInDialog(): JSX.Element | null {
  const { client, data, announcement } = usePage();
  const { isSending, error, send } = useSending();
  const trading = useStatus()?.trading.state ?? "active";
  if (trading !== "active") return <p class="halted-words">■ {trading.toUpperCase()}</p>;
  const stop = async (): Promise<void> => {
    await halt(client, "halted on the page");
    announcement.value = "Trading is halted.";
    data.take({ kind: "changed", topics: ["trading"] });
  };
  return (
    <div class="halt-in-dialog">
      {error === undefined ? null : <ErrorNotice error={error} />}
      <Button kind="halt" off={isSending ? "It is being sent." : undefined} onPress={() => void send(stop)}>
        {isSending ? "Halting…" : "Halt trading"}
      </Button>
    </div>
  );
}
