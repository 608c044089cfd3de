/** The instant as ISO 8601 in UTC, e.g. `2019-10-10T20:00:00.000Z`. `at` is in ms since 1970. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** The same of an instant that may be missing: null, as in JSON. */
export function isoOrNull(at: number | undefined): string | null {
  return at === undefined ? null : iso(at);
}
