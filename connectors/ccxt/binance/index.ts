/** For `qoc connectors test`: the connector, with the settings of Binance in certify.toml. */
export { default } from "../index.ts";
