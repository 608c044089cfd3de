/** The bundler's `text` loader imports a CSV file as a string. */
declare module "*.csv" {
  const text: string;
  export default text;
}
