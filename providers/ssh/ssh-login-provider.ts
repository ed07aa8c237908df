/** What the SshLogin resource does; called by the few lines that are stored with it. */
import { engineGoneSignal } from "../core/engine-liveness.ts";
import { UserVpsError } from "../core/errors.ts";
import { reportProgress } from "../core/progress.ts";
import { serverOf } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { runCommand } from "./run-command.ts";

type Values = Record<string, unknown>;

/** Other credentials are tried by what needs them. */
export function diff(_id: string, olds: Values, news: Values): { changes: boolean } {
  return { changes: olds["machine"] !== news["machine"] };
}

export async function create(inputs: Values): Promise<{ id: string; outs: Values }> {
  return { id: "root", outs: await logIn(inputs) };
}

export async function update(_id: string, _olds: Values, inputs: Values): Promise<{ outs: Values }> {
  return { outs: await logIn(inputs) };
}

async function logIn({ machine, ...inputs }: Values): Promise<Values> {
  const connection = inputs["connection"] as Connection;
  const { host, privateKey } = connection;
  reportProgress(`${host}: looking whether root can log in to the VM that is taken over`);
  try {
    await runCommand(serverOf(connection), { command: "hostname", signal: engineGoneSignal() });
  } catch (error) {
    if (!(error instanceof UserVpsError) || error.code !== "SSH_LOGIN_REFUSED") throw error;
    throw new UserVpsError("SSH_LOGIN_REFUSED", `The VM at ${host} was taken over, and its SSH server does not let root in with ${privateKey === undefined ? "the password that Hostinger has set" : "the key of sshPrivateKey"}: password, owner and JWT secret cannot be set on it, so what is shown would not be valid.`, {
      next: "Set sshPrivateKey (SSH_PRIVATE_KEY) to a key that root of this VM accepts, or allow root to log in by password on it (PermitRootLogin yes), then run `up` again; if its data is of no use, set recreation and allowRecreateOf, and it is installed anew.",
    });
  }
  return { machine };
}
