/** What the Credentials resource does; called by the few lines that are stored with it. */
import type { dynamic } from "@pulumi/pulumi";
import { randomUUID } from "node:crypto";
import { generateJwtSecret, generatePassword } from "./generate.ts";

interface Inputs {
  readonly rotation?: string | number;
}
interface State extends Inputs {
  readonly password: string;
  readonly jwtSecret: string;
  readonly createdAt: string;
}

export async function check(_olds: Inputs, news: Inputs): Promise<dynamic.CheckResult> {
  const { rotation } = news;
  const isUsable = rotation === undefined || rotation === null || typeof rotation === "string" || typeof rotation === "number";
  return { inputs: news, failures: isUsable ? [] : [{ property: "rotation", reason: "INPUT_INVALID: expected a string or a number" }] };
}

/** A rotation happens in place: nothing that depends on the credentials is to be replaced. */
export async function diff(_id: string, olds: State, news: Inputs): Promise<dynamic.DiffResult> {
  return { changes: isRotation(olds, news) };
}

/** Asked for, and not only not mentioned any more: then nothing would bring new credentials to the VPS. */
function isRotation(olds: State, { rotation }: Inputs): boolean {
  return (rotation ?? undefined) !== undefined && rotation !== olds.rotation;
}

export async function create(inputs: Inputs): Promise<dynamic.CreateResult> {
  return { id: randomUUID(), outs: newCredentials(inputs) };
}

export async function update(_id: string, olds: State, news: Inputs): Promise<dynamic.UpdateResult> {
  // The engine also updates for reasons of its own; only a new rotation may cost the old password.
  return { outs: isRotation(olds, news) ? newCredentials(news) : { ...olds, ...news, ...(olds.rotation !== undefined && { rotation: olds.rotation }) } };
}

/** They exist nowhere but in the state. */
export async function read(id: string, props: State): Promise<dynamic.ReadResult> {
  return { id, props };
}

export async function remove(_id: string, _props: State): Promise<void> {}

function newCredentials(inputs: Inputs): State {
  return { ...inputs, password: generatePassword(), jwtSecret: generateJwtSecret(), createdAt: new Date().toISOString() };
}
