/** The way in to a VPS, as resources have it among their inputs: a key if the stack has one, else root's password. */
import type { SshServer } from "./run-command.ts";

export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly password?: string;
  readonly privateKey?: string;
  readonly hostKey: string;
}

export function serverOf({ host, port, hostKey, password, privateKey }: Connection): SshServer {
  return { host, port: Number(port), hostKey, login: privateKey === undefined ? { password: password! } : { privateKey } };
}
