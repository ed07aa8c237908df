import type { PurchaseRequest, SetupRequest } from "./api/client.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";

/** The body of `POST /virtual-machines` for these inputs. */
export function purchaseRequest(inputs: VirtualMachineInputs): PurchaseRequest {
  return {
    itemId: inputs.plan,
    ...(inputs.paymentMethodId === undefined ? {} : { paymentMethodId: inputs.paymentMethodId }),
    setup: setupRequest(inputs),
  };
}

/** The body of `POST /virtual-machines/{id}/setup`, which is also part of a purchase. */
export function setupRequest(inputs: VirtualMachineInputs): SetupRequest {
  return {
    templateId: inputs.templateId,
    dataCenterId: inputs.dataCenterId,
    hostname: inputs.hostname,
    password: inputs.rootPassword,
    enableBackups: inputs.enableBackups,
    ...(inputs.postInstallScriptId === undefined ? {} : { postInstallScriptId: inputs.postInstallScriptId }),
    ...(inputs.sshPublicKey === undefined ? {} : { publicKey: { name: inputs.sshPublicKeyName ?? "spoq-deploy", key: inputs.sshPublicKey } }),
  };
}
