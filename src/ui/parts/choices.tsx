/** Buttons of which one is chosen, for example the status of a list. */
import type { ComponentChildren, JSX } from "preact";

interface ChoicesProps<T extends string> {
  /** What is chosen, for screen readers. */
  readonly label: string;
  readonly choices: readonly T[];
  readonly chosen: string;
  readonly onChoose: (choice: T) => void;
  /** Further buttons in the same line. */
  readonly children?: ComponentChildren;
}

export function Choices<T extends string>(props: ChoicesProps<T>): JSX.Element {
  const { label, choices, chosen, onChoose, children } = props;
  return (
    <div class="buttons" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button
          key={choice}
          type="button"
          class="button quiet"
          aria-pressed={choice === chosen}
          onClick={() => onChoose(choice)}
        >
          {choice}
        </button>
      ))}
      {children}
    </div>
  );
}
