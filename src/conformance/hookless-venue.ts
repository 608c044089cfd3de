/** What the kit cannot do at a venue that it knows nothing about; an author's venue overrides it by its hooks. */
import type {
  FakeActivity,
  FakeOrder,
  FakeQuote,
  FakeSession,
  InstrumentSteps,
  VenueEnding,
} from "../domain/sdk-kit.ts";
import type { FillTerms } from "./venue/fake-venue-state.ts";
import type { MadeFill, StatedAccount, StatedInstrument, StatedRate, TradeTerms } from "./venue/test-venue.ts";

export class HooklessVenue {
  get fills(): readonly MadeFill[] {
    return [];
  }

  listOrders(): Promise<readonly FakeOrder[]> {
    return unavailable("list the orders");
  }

  fillOrder(_order: FakeOrder, _terms?: FillTerms): Promise<MadeFill> {
    return unavailable("fill orders");
  }

  setQuote(_symbol: string, _quote: FakeQuote): Promise<number | null | undefined> {
    return unavailable("set prices");
  }

  setClock(_aheadMs: number): Promise<void> {
    return unavailable("set the clock");
  }

  readAccount(): Promise<StatedAccount> {
    return unavailable("read the account");
  }

  describeInstrument(_symbol: string, _steps?: InstrumentSteps): Promise<StatedInstrument> {
    return unavailable("describe an instrument");
  }

  endOrder(_order: FakeOrder, _status: VenueEnding): Promise<boolean> {
    return unavailable("end orders");
  }

  rejectNext(): Promise<boolean> {
    return unavailable("reject an order in its answer");
  }

  trade(_terms: TradeTerms): Promise<MadeFill | undefined> {
    return unavailable("trade");
  }

  addActivities(_activities: readonly FakeActivity[]): Promise<void> {
    return unavailable("add activities");
  }

  setRate(_rate: StatedRate): Promise<void> {
    return unavailable("set rates");
  }

  setSessions(_symbol: string, _sessions: readonly FakeSession[]): Promise<void> {
    return unavailable("set sessions");
  }
}

function unavailable(action: string): Promise<never> {
  return Promise.reject(new Error(`the kit cannot ${action} at an upstream: set venue in certify.toml`));
}
