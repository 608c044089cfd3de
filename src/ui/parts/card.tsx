/** A titled part of a page. */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { money } from "../amounts.ts";

interface CardProps {
  readonly title: ComponentChildren;
  /** Beside the title, for example an age or a link. */
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Card({ title, aside, class: name = "", children }: CardProps): JSX.Element {
  const id = useId();
  return (
    <section class={`card ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** A number with its name, for the head of a page. */
export function Figure({
  name,
  children,
  note,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
  readonly note?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {children}
        {note === undefined ? null : <small>{note}</small>}
      </dd>
    </div>
  );
}

/** An amount with its currency in small letters. */
export function AmountIn({ amount, unit }: { readonly amount: string; readonly unit: string }): JSX.Element {
  return (
    <span title={`${amount} ${unit}`}>
      {money(amount)} <span class="unit">{unit}</span>
    </span>
  );
}
