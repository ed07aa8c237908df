/** What the HealthCheck resource does; called by the few lines that are stored with it. */
import type { dynamic } from "@pulumi/pulumi";
import { engineGoneSignal } from "../core/engine-liveness.ts";
import { initializationFailed } from "../core/initialization-failed.ts";
import { currentPatience, patienceFor } from "../core/patience.ts";
import { startWaiting } from "../core/progress.ts";
import { runsAgain } from "../core/run-again.ts";
import { SECOND_MS, sleep } from "../core/time.ts";
import { FirstBoot } from "../first-boot/first-boot.ts";
import { DEFAULT_TIMEOUT_SECONDS, targetOf, validate, type HealthCheckInputs, type WayIn } from "./inputs.ts";
import { probe } from "./probe.ts";
import { STAGE_NAMES, type ProbeResult } from "./target.ts";
import { waitUntilHealthy } from "./wait.ts";

/** A refresh tries this often before it calls a VPS unhealthy: a hiccup is no drift. */
const READ_ATTEMPTS = 3;
const READ_ATTEMPT_TIMEOUT_MS = 3 * SECOND_MS;
const READ_PAUSE_MS = 500;

/** The outputs besides the inputs. They hold no times: those would differ at every refresh. */
interface Health {
  readonly healthy: boolean;
  readonly stage: string;
  readonly detail: string;
}
type State = Omit<HealthCheckInputs, "wayIn"> & Health & { readonly __provider?: string };

export async function check(_olds: HealthCheckInputs, news: HealthCheckInputs): Promise<dynamic.CheckResult> {
  return { inputs: news, failures: validate(news) };
}

/** What is checked. How long, through which resolver and trusting whom differs between machines, and is no drift. */
const COMPARED = ["hostname", "address", "byAddress", "port", "path", "expectedStatus", "release", "credentialRotation", "recreation"] as const satisfies readonly (keyof HealthCheckInputs)[];

/** Differs if what is checked does, if the VPS was found unhealthy, or if the run checks again: then `up` waits for it again. */
export async function diff(_id: string, olds: State, news: HealthCheckInputs): Promise<dynamic.DiffResult> {
  const changed = COMPARED.some((name) => (olds[name] ?? undefined) !== (news[name] ?? undefined));
  return { changes: changed || olds.healthy !== true || runsAgain("health") };
}

export async function create(inputs: HealthCheckInputs): Promise<dynamic.CreateResult> {
  return { id: inputs.hostname, outs: await waitFor(inputs.hostname, inputs) };
}

export async function update(id: string, _olds: State, news: HealthCheckInputs): Promise<dynamic.UpdateResult> {
  return { outs: await waitFor(id, news) };
}

export async function read(id: string, props: State): Promise<dynamic.ReadResult> {
  const target = await targetOf(props);
  const signal = engineGoneSignal();
  let result = await probe(target, { signal, timeoutMs: READ_ATTEMPT_TIMEOUT_MS });
  for (let attempt = 1; !result.healthy && attempt < READ_ATTEMPTS; attempt++) {
    await sleep(READ_PAUSE_MS, signal);
    result = await probe(target, { signal, timeoutMs: READ_ATTEMPT_TIMEOUT_MS });
  }
  return { id, props: { ...props, ...healthOf(result) } };
}

/** Nothing was made, so there is nothing to remove. */
export async function remove(_id: string, _props: State): Promise<void> {}

function healthOf(result: ProbeResult): Health {
  return { healthy: result.healthy, stage: result.stage, detail: result.healthy ? "" : result.detail };
}

async function waitFor(id: string, given: HealthCheckInputs): Promise<State> {
  // What is given back is stored in plain text: the way in stays out of it.
  const { wayIn, ...inputs } = given;
  const firstBoot = wayIn && firstBootOf(inputs, wayIn);
  const waiting = startWaiting(inputs.hostname);
  let last: ProbeResult | undefined;
  try {
    const result = await waitUntilHealthy(await targetOf(inputs), {
      timeoutMs: (inputs.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * SECOND_MS,
      patience: patienceFor("health", currentPatience()),
      signal: engineGoneSignal(),
      explain: firstBoot && ((result, signal) => firstBoot.look(result.stage, signal)),
      onStage: (result) => {
        last = result;
        waiting.now(`${STAGE_NAMES[result.stage]}: ${result.detail}`);
      },
    });
    return { ...inputs, ...healthOf(result) };
  } catch (error) {
    throw initializationFailed(error, id, { ...inputs, ...(last ? healthOf(last) : NOT_PROBED) }, { ...inputs });
  } finally {
    waiting.end();
  }
}

function firstBootOf({ hostname, address }: HealthCheckInputs, { port, password, privateKey, hostKey }: WayIn): FirstBoot {
  const login = privateKey === undefined ? { password } : { privateKey };
  return new FirstBoot({ hostname, server: { host: address, port, login, hostKey }, secrets: [password, ...(privateKey === undefined ? [] : [privateKey])] });
}

const NOT_PROBED: Health = { healthy: false, stage: "dns", detail: "not probed yet" };
