/** The first installation of a VM (OpenAPI, `VPS.V1.VirtualMachine.SetupRequest`), for purchase and `setup`. */

import type { PublicKeyRequest } from "./public-keys.ts";

export interface SetupRequest {
  readonly templateId: number;
  readonly dataCenterId: number;
  readonly hostname?: string;
  /** Root's; at least 12 characters, checked against leaked ones. Secret. Made up by Hostinger if missing. */
  readonly password?: string;
  readonly postInstallScriptId?: number;
  /** Hostinger's default is true. */
  readonly enableBackups?: boolean;
  readonly installMonarx?: boolean;
  readonly ns1?: string;
  readonly ns2?: string;
  readonly publicKey?: PublicKeyRequest;
}

/** In the API's words; JSON leaves out what is undefined. */
export function setupBody(setup: SetupRequest) {
  return {
    template_id: setup.templateId,
    data_center_id: setup.dataCenterId,
    hostname: setup.hostname,
    password: setup.password,
    post_install_script_id: setup.postInstallScriptId,
    enable_backups: setup.enableBackups,
    install_monarx: setup.installMonarx,
    ns1: setup.ns1,
    ns2: setup.ns2,
    public_key: setup.publicKey && { name: setup.publicKey.name, key: setup.publicKey.key },
  };
}

export function setupSecrets(setup: SetupRequest): string[] {
  return setup.password === undefined ? [] : [setup.password];
}
