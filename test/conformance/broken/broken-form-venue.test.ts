/** Mistakes in an adapter whose wire format is not the kit's, found over the hooks of its author's fake venue. */
import { FORM_VENUE_AMOUNTS } from "./form-venue-amounts.ts";
import { FORM_VENUE_MISTAKES } from "./form-venue-mistakes.ts";
import { FORM_VENUE_WIRE } from "./form-venue-wire.ts";
import { FORM_VENUE, testMistakes } from "./test-mistakes.ts";

testMistakes(FORM_VENUE, [...FORM_VENUE_MISTAKES, ...FORM_VENUE_AMOUNTS, ...FORM_VENUE_WIRE]);
