import { certifyExchange } from "../../support/certify-exchange.ts";

certifyExchange("coinbase", [
  "C37: the adapter does not declare clientIdDedupe",
  "C99: the adapter does not declare clientIdDedupe",
]);
