/** Names of page sessions: three short words that a person can compare on a terminal and on a page. */

const WORDS = `
  amber anvil apple arrow aspen atlas bacon badge basil beach birch bison blaze bloom bread brick
  brook cabin cedar chalk cherry clay cliff cloud clover coast cobalt comet copper coral crane creek
  crown daisy delta denim dune eagle ebony ember fable falcon fern field fjord flame flint forest
  frost garnet ginger glade grape gravel grove harbor hazel heron honey indigo iris island ivory jade
  jasper juniper kelp kite lagoon lake lantern lark laurel lemon lilac linen lotus lunar maple marble
  meadow melon mint mosaic moss nectar north nutmeg oak oasis ocean olive onyx opal orchid oslo otter
  palm paper pearl pebble pepper pine planet plum polar poppy prairie quartz quill raven reed ridge
  river robin rose ruby saffron sage salmon sand satin shell silver slate snow sparrow spruce stone
  summer sunset teal thistle thunder tiger timber topaz tulip tundra valley velvet violet walnut wave
  willow winter zephyr
`
  .trim()
  .split(/\s+/);

/** A name of the list that is not taken. `random(2)` returns two random bytes as hexadecimal text. */
export function newSessionName(random: (bytes: number) => string, taken: ReadonlySet<string>): string {
  for (;;) {
    const word = (): string => WORDS[Number.parseInt(random(2), 16) % WORDS.length] ?? "";
    const name = `${word()}-${word()}-${word()}`;
    if (!taken.has(name)) return name;
  }
}
