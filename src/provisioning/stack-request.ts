import type { Settings } from "../config/index.ts";
import type { VpsRecord } from "../records/index.ts";
import type { StackRequest } from "./engine.ts";

/**
 * The stack of a user: everything that its program needs, so that a plain `pulumi up` with the
 * configuration of the last deployment (`pulumi config refresh`) does the same.
 *
 * @param spareVmId a wiped VM that the stack takes over in place of a purchase
 */
export function stackRequestOf(record: VpsRecord, settings: Settings, spareVmId?: number): StackRequest {
  const sshPublicKey = record.sshPublicKey ?? settings.sshPublicKey;
  const config: Record<string, string | undefined> = {
    username: record.username,
    ownerId: record.userId,
    plan: record.plan,
    templateId: String(record.templateId),
    dataCenterId: String(record.dataCenterId),
    domain: settings.domain,
    zoneId: settings.cloudflareZoneId,
    conductorUrl: settings.conductorUrl,
    cliUrl: settings.cliUrl,
    healthTimeoutSeconds: String(settings.healthTimeoutSeconds),
    sshPublicKey,
    sshPort: String(settings.sshPort),
    paymentMethodId: settings.hostingerPaymentMethodId?.toString(),
    ...(spareVmId !== undefined && { importVmId: String(spareVmId), importWiped: "true" }),
    // The first making has no number, as in a stack that a person made.
    credentialRotation: record.credentialsRotation > 1 ? String(record.credentialsRotation) : undefined,
  };
  return {
    stackName: record.username,
    config: Object.fromEntries(Object.entries(config).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}
