/** A button that says why it is off, and stays reachable by keyboard while it is. */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: "plain" | "go" | "danger" | "quiet" | "halt";
  readonly type?: "button" | "submit";
  /** Why it is off; undefined: it is on. */
  readonly off?: string | undefined;
  /** The id of an element that already says why it is off. */
  readonly describedBy?: string | undefined;
  readonly onPress?: (() => void) | undefined;
  readonly id?: string;
  readonly label?: string;
}

export function Button(props: ButtonProps): JSX.Element {
  const { children, kind = "plain", type = "button", off, describedBy, onPress, id, label } = props;
  const reason = useId();
  const isOff = off !== undefined;
  return (
    <>
      <button
        type={type}
        class={`button ${kind}`}
        id={id}
        aria-label={label}
        aria-disabled={isOff}
        aria-describedby={describedBy ?? (isOff ? reason : undefined)}
        onClick={(event) => {
          if (isOff) event.preventDefault();
          else onPress?.();
        }}
      >
        {children}
      </button>
      {isOff && describedBy === undefined ? (
        <span class="sr" id={reason}>
          {off}
        </span>
      ) : null}
    </>
  );
}
