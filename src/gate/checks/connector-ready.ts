/** The order's connector responds, is reconciled and has the mode of the terms. Other connectors do not matter. */
import { block, pass } from "../check-result.ts";
import { EVERY_STAGE, type GateCheck } from "../check-context.ts";

const key = "connector-ready";

export const connectorReady: GateCheck = {
  key,
  stages: EVERY_STAGE,
  evaluate: ({ input: { connector, order } }) => {
    const { terms } = order;
    if (connector.name !== terms.connector) {
      return block(
        key,
        "CONNECTOR_DIFFERS",
        `the order is for ${terms.connector}, but the input is for ${connector.name}`,
      );
    }
    const answers = connector.ready === true && (connector.state === "ready" || connector.state === "degraded");
    if (!answers) {
      // The connector's own reason is untrusted text and must not be part of a verdict, which agents trust.
      const message = `connector ${connector.name} is ${connector.state}; see qoc connectors list`;
      return block(key, "CONNECTOR_NOT_READY", message, { actual: connector.state });
    }
    if (connector.reconciled !== true) {
      return block(
        key,
        "CONNECTOR_NOT_RECONCILED",
        `connector ${connector.name} has not been reconciled since it started`,
      );
    }
    if (connector.mode !== terms.mode) {
      const message = `the order is for a ${terms.mode} connector, and ${connector.name} is now ${connector.mode}`;
      return block(key, "CONNECTOR_MODE_CHANGED", message, { limit: terms.mode, actual: connector.mode });
    }
    return pass(key, `connector ${connector.name} is ${connector.state} and reconciled (${connector.mode})`);
  },
};
