/** The page's one first-level heading. It takes the focus when its page opens. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Heading({
  children,
  aside,
}: {
  readonly children: ComponentChildren;
  readonly aside?: ComponentChildren;
}): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <div class="heading">
      <h1 tabIndex={-1} ref={heading}>
        {children}
      </h1>
      {aside === undefined ? null : <div class="aside">{aside}</div>}
    </div>
  );
}
