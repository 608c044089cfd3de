/** Since when trading is halted or reduced, and who changed it. */
import type { JSX } from "preact";
import { actorWords } from "../../domain/authority/actor.ts";
import type { StatusView } from "../../domain/status-view.ts";
import { Time } from "./texts.tsx";

export function TradingChange({ trading }: Pick<StatusView, "trading">): JSX.Element | null {
  const { state, since, actor } = trading;
  if (state === "active" || (since === null && actor === null)) return null;
  return (
    <span class="small">
      (
      {since === null ? null : (
        <>
          since <Time at={since} />
        </>
      )}
      {since === null || actor === null ? "" : " "}
      {actor === null ? "" : `by ${actorWords(actor)}`})
    </span>
  );
}
