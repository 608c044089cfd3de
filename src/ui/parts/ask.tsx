/** A dialog that asks for words before something is done, for example a rejection or a resume. */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import type { RequestError } from "../desk-client.ts";
import { usePage } from "../page-context.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { ErrorNotice } from "./texts.tsx";

interface AskProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  /** The name of the text field. */
  readonly field: string;
  /** Texts to choose from. */
  readonly presets?: readonly string[];
  /** The name of the text, which stays until it is dropped. */
  readonly draft: string;
  readonly action: string;
  readonly kind?: "go" | "danger";
  /** Why it cannot be done now. */
  readonly off?: string | undefined;
  readonly error: RequestError | undefined;
  readonly isSending: boolean;
  readonly onSend: (text: string) => void;
  readonly onClose: () => void;
}

export function Ask(props: AskProps): JSX.Element {
  const { title, children, field, presets = [], action, kind = "danger", error, isSending, onSend, onClose } = props;
  const draft = usePage().drafts.of(props.draft);
  const text = draft.value;
  const setText = (changed: string): void => {
    draft.value = changed;
  };
  const [input, why] = [useId(), useId()];
  const missing = text.trim().length < 3 ? `write ${field} first` : undefined;
  const off = props.off ?? (isSending ? "it is being sent" : missing);
  return (
    <Dialog title={title} onClose={onClose}>
      {(close) => (
        <form
          method="dialog"
          onSubmit={(event) => {
            event.preventDefault();
            if (off === undefined) onSend(text.trim());
          }}
        >
          {children}
          <label for={input}>{field}</label>
          <textarea
            id={input}
            rows={3}
            value={text}
            autofocus
            readOnly={isSending}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          {presets.length === 0 ? null : (
            <p class="presets">
              {presets.map((preset) => (
                <Button key={preset} kind="quiet" onPress={() => setText(preset)}>
                  {preset}
                </Button>
              ))}
            </p>
          )}
          {error === undefined ? null : <ErrorNotice error={error} />}
          <p id={why} class="why" role="status">
            {off ?? ""}
          </p>
          <div class="buttons">
            <Button kind="plain" onPress={close}>
              Back
            </Button>
            <Button kind={kind} type="submit" off={off} describedBy={why}>
              {isSending ? "Sending…" : action}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
