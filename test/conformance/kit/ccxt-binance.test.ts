import { certifyExchange } from "../../support/certify-exchange.ts";

certifyExchange("binance");
