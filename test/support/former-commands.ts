/** A stack as versions before wrote it, whose scripts were run by Pulumi's Command plugin. */

interface Resource {
  urn: string;
  type: string;
  id?: string;
  custom?: boolean;
  parent?: string;
  provider?: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  propertyDependencies?: Record<string, unknown>;
  additionalSecretOutputs?: string[];
}

const TYPE = "pulumi-nodejs:dynamic/user-vps:RemoteScript";
const PROVIDER_ID = "ed9f1b9a-f632-45e0-aac6-ee2e43b9409d";

/** @param exported by `pulumi stack export` */
export function withFormerCommands(exported: string): string {
  const stack = JSON.parse(exported.replaceAll(TYPE, "command:remote:Command")) as { deployment: { resources: Resource[] } };
  const { resources } = stack.deployment;
  const [{ urn: ofStack }] = resources as [Resource];
  const provider = { urn: `${ofStack.split("::").slice(0, 2).join("::")}::pulumi:providers:command::default_1_2_1`, custom: true, id: PROVIDER_ID, type: "pulumi:providers:command", inputs: { __internal: {}, version: "1.2.1" }, outputs: { version: "1.2.1" } };
  resources.splice(resources.findIndex(({ type }) => type === "command:remote:Command"), 0, provider);
  for (const resource of resources.filter(({ type }) => type === "command:remote:Command")) {
    const { task, connection, script, machine, fingerprint } = resource.inputs;
    const inputs = { addPreviousOutputInEnv: false, connection, create: "/bin/bash -s", stdin: script, triggers: [machine, fingerprint].filter((trigger) => trigger !== undefined) };
    const properties = resource.propertyDependencies ?? {};
    Object.assign(resource, {
      id: `${String(task)}8c08e0ba`, provider: `${provider.urn}::${PROVIDER_ID}`, inputs, outputs: { ...inputs, stdout: "done", stderr: "" },
      propertyDependencies: { addPreviousOutputInEnv: [], connection: properties["connection"], create: [], stdin: properties["script"], triggers: properties["machine"] },
      additionalSecretOutputs: ["connection"],
    });
  }
  return JSON.stringify(stack);
}
