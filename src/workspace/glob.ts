/** File patterns: `*` and `?` inside a name, `**` for any folders. Matched by hand: no pattern can make it slow. */

/** Does `items` fit `pattern`, in which `isMany` items stand for any run? Backs up to the last run alone, so it is quadratic at worst. */
function fits<T>(
  pattern: readonly T[],
  items: readonly T[],
  isMany: (item: T) => boolean,
  same: (want: T, item: T) => boolean,
): boolean {
  let at = 0;
  let run = -1;
  let runFrom = 0;
  let item = 0;
  while (item < items.length) {
    const want = pattern[at];
    const found = items[item];
    if (want !== undefined && isMany(want)) {
      run = at;
      runFrom = item;
      at += 1;
    } else if (want !== undefined && found !== undefined && same(want, found)) {
      at += 1;
      item += 1;
    } else if (run >= 0) {
      at = run + 1;
      runFrom += 1;
      item = runFrom;
    } else return false;
  }
  return pattern.slice(at).every(isMany);
}

function nameFits(pattern: string, name: string): boolean {
  return fits(
    [...pattern],
    [...name],
    (char) => char === "*",
    (want, char) => want === "?" || want === char,
  );
}

/** `*.md` fits names in every folder; a pattern with a slash fits whole paths. */
export function globFits(glob: string, path: string): boolean {
  const wanted = glob.includes("/") ? glob.split("/") : ["**", glob];
  return fits(wanted, path.split("/"), (part) => part === "**", nameFits);
}
