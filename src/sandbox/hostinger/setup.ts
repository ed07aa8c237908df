import type { OrderSetup, Vm } from "../model.ts";
import type { World } from "../world.ts";
import { sha256 } from "./context.ts";
import type { Input } from "./input.ts";
import { readPublicKey } from "./public-keys.ts";

export type Setup = OrderSetup;

/** Reads and validates; what is wrong is left for `input.check()`. */
export function readSetup(input: Input, world: World): Setup {
  const dataCenterId = input.integer("data_center_id", { required: true }) ?? 0;
  if (dataCenterId !== 0 && !world.state.offers.dataCenters.some((one) => one.id === dataCenterId)) {
    input.refuse("data_center_id", "The selected data center id is invalid.");
  }
  const publicKey = input.object("public_key");
  return {
    ...readInstallation(input, world),
    dataCenterId,
    hostname: input.hostname("hostname"),
    backupsEnabled: input.boolean("enable_backups") ?? true,
    ns1: input.string("ns1") ?? "1.1.1.1",
    ns2: input.string("ns2") ?? "8.8.8.8",
    publicKey: publicKey === undefined ? undefined : readPublicKey(publicKey),
  };
}

/** What setting up and recreating have in common. */
export function readInstallation(input: Input, world: World): Pick<Setup, "templateId" | "script" | "rootPasswordSha256"> {
  const templateId = input.integer("template_id", { required: true }) ?? 0;
  if (templateId !== 0 && !world.state.offers.templates.some((one) => one.id === templateId)) {
    input.refuse("template_id", "The selected template id is invalid.");
  }
  const scriptId = input.integer("post_install_script_id");
  const script = world.state.scripts.find((one) => one.id === scriptId);
  if (scriptId !== undefined && script === undefined) {
    input.refuse("post_install_script_id", "The selected post install script id is invalid.");
  }
  const password = input.password("password");
  return {
    templateId,
    script: script === undefined ? null : { id: script.id, content: script.content },
    rootPasswordSha256: password === undefined ? null : sha256(password),
  };
}

/** Puts the setup into the VM; its first boot is still to come. */
export function applySetup(vm: Vm, setup: Setup, world: World): void {
  const { publicKey, hostname, ...fields } = setup;
  Object.assign(vm, fields);
  vm.hostname = hostname ?? vm.hostname;
  if (publicKey === undefined) return;
  const known = world.state.publicKeys.find((one) => one.key === publicKey.key);
  const key = known ?? { id: world.newId(), ...publicKey };
  if (known === undefined) world.state.publicKeys.push(key);
  vm.publicKeyIds = [key.id];
  vm.rootKeys = [key.key];
}
