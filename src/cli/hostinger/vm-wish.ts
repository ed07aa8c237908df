/** What `vm create` is asked for, checked against what Hostinger offers today. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { CatalogItem } from "../../../providers/hostinger/api/client.ts";
import { DEFAULT_DATA_CENTER_ID, DEFAULT_PLAN_ID, DEFAULT_TEMPLATE_ID, findPlan } from "../../../providers/hostinger/api/specification.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { DEFAULT_INPUTS } from "../../../providers/hostinger/virtual-machine-args.ts";
import type { VirtualMachineInputs } from "../../../providers/hostinger/virtual-machine-args.ts";
import { checkVirtualMachine } from "../../../providers/hostinger/virtual-machine-check.ts";
import type { Environment } from "../../config/index.ts";
import { fileText, id } from "../argument-values.ts";

/** Whose purchases they are that are made here: a user's, which is open for the same host name, is the user's stack's to go on with. */
const OWNER = "user-vps vm create";

export interface VmOptions {
  readonly plan?: string;
  readonly dataCenter?: number;
  readonly template?: number;
  readonly script?: number;
  readonly sshKeyFile?: string;
  readonly backups?: boolean;
  readonly paymentMethod?: number;
}

export type Price = CatalogItem["prices"][number] & { readonly planName: string };

export interface Wish {
  readonly inputs: VirtualMachineInputs;
  readonly price: Price;
}

interface Asked {
  readonly hostname: string;
  readonly rootPassword: string;
  readonly options: VmOptions;
  readonly env: Environment;
}

/** Errors: INPUT_INVALID, which names what Hostinger offers instead; API_*. */
export async function resolveWish({ client, signal }: Session, { hostname, rootPassword, options, env }: Asked): Promise<Wish> {
  const [catalog, dataCenters, templates] = await Promise.all([
    client.catalog.list({ category: "VPS" }, { signal }), client.dataCenters.list({ signal }), client.templates.list({ signal }),
  ]);
  const price = findPrice(catalog, options.plan ?? (env["DEFAULT_VPS_PLAN"] || DEFAULT_PLAN_ID));
  const dataCenterId = offered("data center", options.dataCenter ?? fromEnvironment(env, "DEFAULT_VPS_DATACENTER") ?? DEFAULT_DATA_CENTER_ID, dataCenters, "data-centers");
  const templateId = offered("template", options.template ?? fromEnvironment(env, "DEFAULT_VPS_TEMPLATE") ?? DEFAULT_TEMPLATE_ID, templates, "templates");
  const paymentMethodId = options.paymentMethod ?? fromEnvironment(env, "HOSTINGER_PAYMENT_METHOD_ID");
  const inputs: VirtualMachineInputs = {
    ...DEFAULT_INPUTS,
    plan: price.id, dataCenterId, templateId, hostname, rootPassword, owner: OWNER,
    enableBackups: options.backups ?? true,
    ...(options.script !== undefined && { postInstallScriptId: options.script }),
    ...(options.sshKeyFile !== undefined && { sshPublicKey: (await fileText(options.sshKeyFile)).trim() }),
    ...(paymentMethodId !== undefined && { paymentMethodId }),
  };
  const { failures } = await checkVirtualMachine({}, { ...inputs });
  if (failures.length > 0) throw new UserVpsError("INPUT_INVALID", `${failures.map(({ property, reason }) => (property ? `${property}: ${reason}` : reason)).join("; ")}.`);
  return { inputs, price };
}

function findPrice(catalog: readonly CatalogItem[], wished: string): Price {
  const itemId = findPlan(wished)?.itemId ?? wished;
  const prices = catalog.flatMap(({ name, prices: offers }) => offers.map((price) => ({ ...price, planName: name })));
  const found = prices.find((price) => price.id === itemId);
  if (found) return found;
  throw new UserVpsError("INPUT_INVALID", `Hostinger offers no plan '${wished}' today.`, { next: `Choose one of ${prices.map((price) => price.id).join(", ")}; \`user-vps plans\` shows the prices.` });
}

function offered(what: string, wished: number, offers: readonly { readonly id: number }[], command: string): number {
  if (offers.some((offer) => offer.id === wished)) return wished;
  throw new UserVpsError("INPUT_INVALID", `Hostinger offers no ${what} ${wished} today.`, { next: `\`user-vps ${command}\` shows what there is.` });
}

function fromEnvironment(env: Environment, name: string): number | undefined {
  return env[name] ? id(env[name]) : undefined;
}
