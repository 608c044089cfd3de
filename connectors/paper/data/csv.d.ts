/** A CSV file is imported as its text; the bundler's `text` loader makes it so. */
declare module "*.csv" {
  const text: string;
  export default text;
}
