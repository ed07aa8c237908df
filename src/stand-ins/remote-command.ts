/** `command:remote:Command` of @pulumi/command 1.2.1, over SSH. */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Properties, StandInResource } from "./plugin-server.ts";
import { runOverSsh, type Connection, type RemoteOutput } from "./ssh.ts";

export const REMOTE_COMMAND_TYPE = "command:remote:Command";

const INPUTS = ["connection", "create", "update", "delete", "stdin", "environment", "triggers", "logging", "addPreviousOutputInEnv"];

export const remoteCommandResource: StandInResource = {
  check(inputs) {
    return inputs["connection"] === undefined ? [{ property: "connection", reason: "Missing required property 'connection'" }] : [];
  },

  /** A changed trigger replaces, every other change runs `update`, or `create` if there is none. */
  diff(_state, inputs, oldInputs) {
    const changed = INPUTS.filter((name) => !isDeepStrictEqual(inputs[name], oldInputs[name]));
    return changed.map((property) => ({ property, replace: property === "triggers" }));
  },

  async create(inputs, { name, signal }) {
    return { id: name + randomBytes(4).toString("hex"), state: { ...inputs, ...(await perform(inputs["create"], inputs, {}, signal)) } };
  },

  async read(id, state, inputs) {
    return { id, state, inputs: inputs ?? {} };
  },

  async update(_id, state, inputs, { signal }) {
    return { ...inputs, ...(await perform(inputs["update"] ?? inputs["create"], inputs, state, signal)) };
  },

  async delete(_id, state, { signal }) {
    await perform(state["delete"], state, state, signal);
  },
};

/** Runs the command, if there is one; otherwise the outputs stay what they were. */
async function perform(command: unknown, inputs: Properties, before: Properties, signal: AbortSignal): Promise<RemoteOutput> {
  const stdout = typeof before["stdout"] === "string" ? before["stdout"] : "";
  const stderr = typeof before["stderr"] === "string" ? before["stderr"] : "";
  if (typeof command !== "string") return { stdout, stderr };
  const previous = inputs["addPreviousOutputInEnv"] === false ? {} : { ...(stdout && { PULUMI_COMMAND_STDOUT: stdout }), ...(stderr && { PULUMI_COMMAND_STDERR: stderr }) };
  return await runOverSsh(inputs["connection"] as Connection, {
    command,
    stdin: typeof inputs["stdin"] === "string" ? inputs["stdin"] : undefined,
    environment: { ...(inputs["environment"] as Record<string, string> | undefined), ...previous },
    signal,
  });
}
