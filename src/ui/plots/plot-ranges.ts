/** How the drawings of one plot share its height, so that none covers another. */

/** Marks along the bottom lie at this part of the height. */
export const RUG_AT = 0.02;
/** The worst loss ends at this part of the height, above the marks along the bottom. */
const WORST_AT = 0.05;
/** Losses begin at this part of the height. */
const BAND = 0.25;

/** The lowest and the highest value of the axis of losses, the worst of which is below zero. */
export function lossRange(worst: number): [number, number] {
  const whole = -worst / (BAND - WORST_AT);
  return [worst - WORST_AT * whole, (1 - BAND) * whole];
}
