import { UserVpsError } from "../core/errors.ts";
import { notOffered, sharedCatalog, SPECIFIED_CATALOG } from "./api/live-catalog.ts";
import { catalogItemOf } from "./api/specification.ts";
import { isHostname } from "../core/hostname.ts";
import { isSshPublicKey } from "../core/ssh-public-key.ts";
import { isUnknown } from "./property-values.ts";
import { findAllByHostname } from "./search.ts";
import { currentSession } from "./session.ts";
import { noteDeclared } from "./taken-over.ts";
import { DEFAULT_INPUTS } from "./virtual-machine-args.ts";
import { needsPurchase, needsWipe } from "./virtual-machine-diff.ts";

type Values = Record<string, unknown>;
export interface CheckFailure {
  property: string;
  reason: string;
}
export interface CheckResult {
  inputs: Values;
  failures: CheckFailure[];
}

/** In a program without types, the text of a setting would count as true, whatever it says. */
const FLAGS = ["enableBackups", "autoRenew", "importWiped", "allowPurchase", "wipeOnDelete", "allowDelete"] as const;

/** The API sets the backup schedule when the VM is set up and never again. */
const FIXED = ["enableBackups"] as const;

/**
 * Checks the inputs and refuses, in preview already, what would wipe or buy (rule 2).
 * `olds`: the inputs as of the last `up`, or as `read` found them where they drifted.
 * The engine prints the value beside the property of a failure: never name a secret one.
 */
export async function checkVirtualMachine(olds: Values, given: Values): Promise<CheckResult> {
  const inputs: Values = { ...DEFAULT_INPUTS, ...given };
  // A purchase names the catalog item, whichever of the plan's names is given here.
  if (typeof inputs["plan"] === "string" && !isUnknown(inputs["plan"])) inputs["plan"] = catalogItemOf(inputs["plan"]) ?? inputs["plan"];
  const failures = [...invalidValues(olds, inputs)];
  if (failures.length === 0 && Object.keys(olds).length <= 1) failures.push(...(await whatIsNotOffered(inputs)));
  else if (failures.length === 0) failures.push(...(await refusedChanges(olds, inputs)));
  noteDeclared("VM", inputs);
  return { inputs, failures };
}

function* invalidValues(olds: Values, inputs: Values): Generator<CheckFailure> {
  const { plan, hostname, rootPassword, sshPublicKey } = inputs;
  if (!isUnknown(plan) && (typeof plan !== "string" || plan === "")) {
    yield { property: "plan", reason: "expected a catalog item id, for example hostingercom-vps-kvm1-usd-1m" };
  }
  if (!isUnknown(hostname) && !isHostname(hostname)) yield { property: "hostname", reason: "expected a lower-case host name, for example alice.spoq.dev" };
  for (const property of ["templateId", "dataCenterId", "postInstallScriptId", "paymentMethodId", "importId", "allowRecreateOf", "allowReplaceOf"]) {
    const value = inputs[property];
    if (value === undefined || isUnknown(value)) continue;
    if (!Number.isInteger(value) || Number(value) <= 0) yield { property, reason: "expected a whole number above 0" };
  }
  for (const property of ["templateId", "dataCenterId"]) if (inputs[property] === undefined) yield { property, reason: "is required" };
  for (const property of FLAGS) {
    const value = inputs[property];
    if (value !== undefined && !isUnknown(value) && typeof value !== "boolean") yield { property, reason: "expected true or false" };
  }
  // Hostinger looks at it when the VM is paid already; and it may be the private one by mistake.
  if (sshPublicKey !== undefined && !isUnknown(sshPublicKey) && sshPublicKey !== olds["sshPublicKey"] && !(typeof sshPublicKey === "string" && isSshPublicKey(sshPublicKey.trim()))) {
    yield { property: "", reason: "sshPublicKey: expected one public key in OpenSSH format, such as 'ssh-ed25519 AAAA… name'" };
  }
  // With `ignoreChanges`, the engine takes it from the inputs of before, which have no secret after a refresh that found a difference.
  const isLeftOut = rootPassword === undefined && Object.keys(olds).length > 1 && olds["rootPassword"] === undefined;
  if (!isUnknown(rootPassword) && !isLeftOut && !isAcceptablePassword(rootPassword)) {
    yield { property: "", reason: "rootPassword: expected at least 12 characters with an upper-case and a lower-case letter and a digit" };
  }
}

/** Hostinger's rule; that the password has not leaked anywhere is checked by Hostinger alone. */
function isAcceptablePassword(value: unknown): boolean {
  return typeof value === "string" && value.length >= 12 && /[A-Z]/.test(value) && /[a-z]/.test(value) && /\d/.test(value);
}

async function refusedChanges(olds: Values, news: Values): Promise<CheckFailure[]> {
  const replace = needsPurchase(olds, news);
  const recreate = needsWipe(olds, news);
  const failures: CheckFailure[] = FIXED.filter((property) => olds[property] !== undefined && !isUnknown(news[property]) && olds[property] !== news[property]).map((property) => ({
    property,
    reason: `CHANGE_REFUSED: Hostinger's API sets this at the first setup only; keep ${String(olds[property])} here and change the schedule in the Hostinger panel`,
  }));
  const gone = typeof olds["goneVmId"] === "number" ? olds["goneVmId"] : undefined;
  if (replace.length === 0 && recreate.length === 0 && gone === undefined) return failures;
  const vmIds = gone === undefined ? await vmIdsOf(String(olds["hostname"])) : [gone];
  const [vmId] = vmIds;
  // In the middle of a replacement two have the host name; what is done later looks at the right one.
  const isAllowed = (name: string) => vmIds.includes(news[name] as number);
  const switchTo = (name: string) => (vmId === undefined ? `set ${name} to the VM's id` : `set ${name} to ${vmId} (\`pulumi config set ${name} ${vmId}\`)`);
  if (gone !== undefined && news["allowReplaceOf"] !== gone) {
    failures.push({ property: "", reason: `VM_GONE: VM ${gone} does not exist any more. Next: To buy a new one, ${switchTo("allowReplaceOf")}.` });
  }
  if (replace.length > 0 && !isAllowed("allowReplaceOf")) {
    failures.push({
      property: "",
      reason: `CHANGE_REFUSED: ${describe(olds, news, replace)} would buy another VM, and the user's data stays on the old one. Next:${toKeep(olds, replace)} To allow it, ${switchTo("allowReplaceOf")}.`,
    });
  }
  if (recreate.length > 0 && replace.length === 0 && !isAllowed("allowRecreateOf")) {
    failures.push({
      property: "",
      reason: `CHANGE_REFUSED: ${describe(olds, news, recreate)} takes effect at first boot only, so the VM would have to be wiped with all the user's data.${withoutWipe(olds, news, recreate)} Next:${toKeep(olds, recreate)} To allow the wipe, ${switchTo("allowRecreateOf")}.`,
    });
  }
  return failures;
}

/** What the specification lists needs no question; what it does not know may be new, or a mistake: Hostinger is asked. */
async function whatIsNotOffered({ plan, dataCenterId, templateId, importId }: Values): Promise<CheckFailure[]> {
  if (importId !== undefined || [plan, dataCenterId, templateId].some(isUnknown)) return [];
  const wish = { plan: plan as string, dataCenterId: dataCenterId as number, templateId: templateId as number };
  if (notOffered(SPECIFIED_CATALOG, wish) === undefined) return [];
  try {
    const catalog = await sharedCatalog(currentSession().client).read();
    const reason = catalog.source === "api" ? notOffered(catalog, wish) : undefined;
    return reason === undefined ? [] : [{ property: "", reason }];
  } catch (error) {
    if (error instanceof UserVpsError) return [];
    throw error;
  }
}

/** Who has changed the VM in Hostinger's panel wants neither: that is declared. */
function toKeep(olds: Values, properties: readonly string[]): string {
  const kept = properties.filter((property) => property === "plan" || property === "dataCenterId" || property === "templateId");
  return kept.length === 0 ? "" : ` To keep the VM as it is, declare ${kept.map((property) => `${property} ${String(olds[property])}`).join(", ")}.`;
}

/** How it may be done without it. */
function withoutWipe(olds: Values, news: Values, properties: readonly string[]): string {
  if (properties.includes("postInstallScriptId")) return " If it is the same script, made anew: give postInstallFingerprint, any text; from then on only another one of that counts.";
  if (!properties.includes("postInstallFingerprint")) return "";
  const { hostname } = olds;
  if (typeof hostname === "string" && typeof news["hostname"] === "string" && hostname !== news["hostname"]) {
    return ` The script of first boot names the host: with bootHostname set to ${hostname} (\`pulumi config set bootHostname ${hostname}\`), the VM gets its new host name in place.`;
  }
  return " A new Conductor or CLI reaches a VM that is already there by a release over SSH: keep conductorUrl and cliUrl, and set releaseVersion, releaseConductorUrl and releaseConductorSha256.";
}

function describe(olds: Values, news: Values, properties: readonly string[]): string {
  const told = (value: unknown) => (typeof value === "string" || typeof value === "number" ? value : "none");
  return properties.map((property) => `${property} ${told(olds[property])} -> ${told(news[property])}`).join(", ");
}

/** Only asked when something is refused, to name the id that the switch takes. */
async function vmIdsOf(hostname: string): Promise<number[]> {
  try {
    return (await findAllByHostname(currentSession(), hostname)).map(({ id }) => id);
  } catch (error) {
    if (error instanceof UserVpsError) return [];
    throw error;
  }
}
