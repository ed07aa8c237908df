/** What the Handover resource does; called by the few lines that are stored with it. */
import { engineGoneSignal } from "../core/engine-liveness.ts";
import { UserVpsError } from "../core/errors.ts";
import { reportProgress } from "../core/progress.ts";
import { MINUTE_MS, SECOND_MS, inSeconds, monotonicMs, sleep } from "../core/time.ts";
import { fetchHostKey } from "./fetch-host-key.ts";
import { runScript } from "./run-script.ts";
import { isSameMachine } from "./same-machine.ts";

type Values = Record<string, unknown>;

/** A little more than the script waits for a release that is under way on the VM: the first boot is over in a pool. */
const SCRIPT_LIMIT_MS = 25 * MINUTE_MS;
/** How long the SSH server may take to show its new keys. */
const NEW_KEY_LIMIT_MS = 30 * SECOND_MS;
const LOOK_INTERVAL_MS = 0.1 * SECOND_MS;

/**
 * What is on the VM is its owner's from then on: only another one, at another address, is handed over anew. One that was
 * wiped since holds nothing of the time before, and is in the middle of its first boot.
 */
export function diff(_id: string, olds: Values, news: Values): { changes: boolean; replaces: string[] } {
  const isSame = isSameMachine(olds["machine"], news["machine"]);
  const isElsewhere = olds["host"] !== news["host"];
  return { changes: !isSame || isElsewhere || olds["port"] !== news["port"], replaces: !isSame && isElsewhere ? ["machine"] : [] };
}

/**
 * The key that the server has before is of no use to anybody later: whoever answers is trusted this once, as at any
 * first contact. The key after it is the one that the script has made, told over that connection.
 * Errors: SSH_*, HANDOVER_FAILED.
 */
export async function create(inputs: Values): Promise<{ id: string; outs: Values }> {
  const { host, port } = { host: String(inputs["host"]), port: Number(inputs["port"]) };
  const signal = engineGoneSignal();
  reportProgress(`${host}: removing what is left of the time before`);
  const hostKey = await fetchHostKey(host, port, signal);
  const login = inputs["login"] as { readonly password: string } | { readonly privateKey: string };
  const stdout = await runScript({ server: { host, port, hostKey, login }, script: String(inputs["script"]), code: "HANDOVER_FAILED", failed: `The VM at ${host} could not be made its user's own`, limitMs: SCRIPT_LIMIT_MS, secrets: Object.values(login), signal });
  const newKeys = new Set([...stdout.matchAll(/^HOST_KEY (\S+ \S+)/gm)].map(([, key]) => key!));
  const shown = await untilShown(host, port, newKeys, signal);
  return { id: shown, outs: { ...stored(inputs), hostKey: shown } };
}

/** A VM that was wiped has other keys: they are asked for anew, as at any first contact. */
export async function update(_id: string, olds: Values, news: Values): Promise<{ outs: Values }> {
  const isSame = isSameMachine(olds["machine"], news["machine"]);
  const hostKey = isSame ? olds["hostKey"] : await fetchHostKey(String(news["host"]), Number(news["port"]), engineGoneSignal());
  return { outs: { ...stored(news), hostKey } };
}

/** Not before the server shows one of its new keys does it have them. */
async function untilShown(host: string, port: number, newKeys: ReadonlySet<string>, signal: AbortSignal): Promise<string> {
  const endMs = monotonicMs() + NEW_KEY_LIMIT_MS;
  for (;;) {
    const shown = await fetchHostKey(host, port, signal);
    if (newKeys.has(shown)) return shown;
    if (monotonicMs() > endMs) throw new UserVpsError("HANDOVER_FAILED", `The SSH server at ${host} does not show its new keys within ${inSeconds(NEW_KEY_LIMIT_MS)}.`);
    await sleep(LOOK_INTERVAL_MS, signal);
  }
}

/** The way in is of no use afterwards. */
function stored({ __provider: _provider, login: _login, script: _script, ...rest }: Values): Values {
  return rest;
}
