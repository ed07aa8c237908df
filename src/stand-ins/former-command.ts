/**
 * In place of Pulumi's Command plugin, by which versions before ran the scripts of a stack. The engine asks for it as long
 * as a state holds something of it, to delete what nobody declares any more: of a script that has run there is nothing to
 * delete. So no plugin has to be fetched for that.
 */
import type { StandIn, StandInResource } from "./plugin-server.ts";

const LAST_VERSION = "1.2.1";

const formerCommand: StandInResource = {
  check: () => [],
  diff: () => [],
  create: notMade,
  // Without inputs, which the engine would store as they are, the secret ones too.
  read: async (id, state) => ({ id, state }),
  update: notMade,
  delete: async () => undefined,
};

export function formerCommandPlugin(): StandIn {
  return { version: LAST_VERSION, configure: () => undefined, resources: { "command:remote:Command": formerCommand } };
}

async function notMade(): Promise<never> {
  throw new Error("A command is not run by this program any more.");
}
