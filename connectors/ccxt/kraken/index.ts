/** For `qoc connectors test`: the connector, with the settings of Kraken in certify.toml. */
export { default } from "../index.ts";
