import * as pulumi from "@pulumi/pulumi";
import { UserVpsError } from "../providers/core/errors.ts";
import { PROJECT_NAME } from "./project-name.ts";
import type { StackConfig } from "./stack-settings.ts";
import { readStackConfig } from "./stack-settings.ts";
import { UserVps } from "./user-vps.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The Pulumi program of one user's stack: the same for `pulumi up` and for the service. Returns the stack's outputs. */
export function userVpsProgram(env: Environment = process.env) {
  const config = stackConfig(env);
  const vps = new UserVps(config);
  return {
    username: config.username,
    hostname: vps.hostname,
    url: `https://${vps.hostname}`,
    address: vps.vm.ipv4,
    vmId: vps.vm.vmId,
    orderId: vps.vm.orderId,
    subscriptionId: vps.vm.subscriptionId,
    plan: vps.vm.plan,
    dataCenterId: vps.vm.dataCenterId,
    templateId: vps.vm.templateId,
    scriptId: vps.script.scriptId,
    ...(vps.record && { recordId: vps.record.id }),
    healthy: vps.health.healthy,
    /** Of the release that was last brought to the VPS; absent if it runs what was installed at first boot. */
    ...(vps.release && { releaseVersion: vps.release.id.apply(() => config.releaseVersion) }),
    /** User `root` and user `spoq`. */
    password: pulumi.secret(vps.credentials.password),
    jwtSecret: pulumi.secret(vps.credentials.jwtSecret),
    credentialsCreatedAt: vps.credentials.createdAt,
  };
}

/**
 * A RunError is shown by its message alone; for a mistake in the settings a stack trace would tell
 * nothing. Its stack is cut because the SDK inspects it in colour, on which Node 24.9 spends
 * seconds (`markNodeModules` runs until the string is too long).
 */
function stackConfig(env: Environment): StackConfig {
  const pulumiConfig = new pulumi.Config(PROJECT_NAME);
  const names = Object.keys(pulumi.runtime.allConfig()).filter((key) => key.startsWith(`${PROJECT_NAME}:`)).map((key) => key.slice(PROJECT_NAME.length + 1));
  try {
    return readStackConfig({ config: (key) => pulumiConfig.get(key), names, env });
  } catch (error) {
    if (!(error instanceof UserVpsError)) throw error;
    throw Object.assign(new pulumi.RunError(error.message), { stack: error.message });
  }
}
