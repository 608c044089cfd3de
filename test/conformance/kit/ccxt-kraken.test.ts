import { certifyExchange } from "../../support/certify-exchange.ts";

certifyExchange("kraken", ["C102: the venue's answer to an order does not name its id"]);
