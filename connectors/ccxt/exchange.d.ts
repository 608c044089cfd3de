/** The exchange that desk.toml names, from the package ccxt. The desk puts its file alone into the bundle. */
declare module "qoc:exchange" {
  export const id: string;
  /** The class, which has no types. */
  export const Exchange: unknown;
}
