/** For `qoc connectors test`: the connector, with the settings of Coinbase in certify.toml. */
export { default } from "../index.ts";
