import { USUAL } from "../../stacks/usual-values.ts";
import type { Settings } from "../config/index.ts";
import type { VpsRecord } from "../records/index.ts";
import type { StackRequest } from "./engine.ts";

/**
 * The stack of a user: everything that its program needs, so that a plain `pulumi up` with the
 * configuration of the last deployment (`pulumi config refresh`) does the same.
 */
export function stackRequestOf(record: VpsRecord, settings: Settings): StackRequest {
  const sshPublicKey = record.sshPublicKey ?? settings.sshPublicKey;
  const config: Record<string, string | undefined> = {
    username: record.username,
    ownerId: record.userId,
    plan: record.plan,
    templateId: String(record.templateId),
    dataCenterId: String(record.dataCenterId),
    domain: settings.domain,
    // Only where they differ from what follows from the user name: a stack that is there sees no change.
    hostname: record.hostname === `${record.username}.${settings.domain}` ? undefined : record.hostname,
    bootHostname: record.bootHostname ?? undefined,
    recreation: recreationOf(record),
    zoneId: settings.cloudflareZoneId,
    conductorUrl: settings.conductorUrl,
    cliUrl: settings.cliUrl,
    healthTimeoutSeconds: String(settings.healthTimeoutSeconds),
    sshPublicKey,
    sshPort: settings.sshPort === USUAL.sshPort ? undefined : String(settings.sshPort),
    paymentMethodId: settings.hostingerPaymentMethodId?.toString(),
    // Only where it is asked for, so that the other stacks' settings stay as they were deployed.
    ...(settings.vpsFirewall && { firewall: "true" }),
    // ACME_EAB_MAC_KEY is a secret: the program has it from its environment.
    acmeEmail: settings.acmeEmail,
    acmeCa: settings.acmeCa,
    acmeEabKeyId: settings.acmeEabKeyId,
    ...(settings.vpsPtr && { ptr: "true" }),
    // A VM that was given up for another since is not to be taken over again.
    ...(record.takenOverVmId && record.takenOverVmId === record.hostingerVmId && { importVmId: String(record.takenOverVmId), importWiped: record.takenOverIsWiped ? "true" : undefined }),
    ...(record.poolMemberId !== null && record.takenOverVmId !== null && record.takenOverVmId === record.hostingerVmId && { fromPool: "true" }),
    // Nothing of a pool is renewed, and nobody's key is on it.
    ...(record.isPooled && { pooled: "true", autoRenew: "false", sshPublicKey: undefined }),
    // The first making has no number, as in a stack that a person made.
    credentialRotation: record.credentialsRotation > record.firstRotation ? String(record.credentialsRotation) : undefined,
  };
  return {
    stackName: record.username,
    config: Object.fromEntries(Object.entries(config).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}

/** With what a wipe comes after that counts as this one; see providers/hostinger/recreate.ts. */
export function recreationOf({ recreation, recreationAskedAt, recreationAfterAction }: Pick<VpsRecord, "recreation" | "recreationAskedAt" | "recreationAfterAction">): string | undefined {
  if (recreation === 0) return undefined;
  if (recreationAfterAction !== null) return `${recreation} after action ${recreationAfterAction}`;
  return recreationAskedAt ? `${recreation} ${recreationAskedAt.toISOString()}` : String(recreation);
}
