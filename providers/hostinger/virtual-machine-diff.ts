import { catalogItemOf } from "./api/specification.ts";
import { isUnknown } from "./property-values.ts";
import { GONE } from "./vm-state.ts";

type Values = Record<string, unknown>;

/** The inputs whose change asks something of the VM. The others only matter at a purchase or a deletion. */
const COMPARED = [
  "plan", "dataCenterId", "templateId", "postInstallScriptId", "postInstallFingerprint", "recreation",
  "hostname", "rootPassword", "sshPublicKey", "autoRenew", "wipeOnDelete",
] as const;

/** How the VM was installed. One of them that is not given any more asks for nothing, and what is known of it stays true. */
const INSTALLATION: ReadonlySet<string> = new Set(["postInstallScriptId", "postInstallFingerprint", "recreation"]);

/**
 * What `up` has something to do about. `olds` are the outputs as of the last `up` or refresh, so
 * drift shows here as well: the state counts as if `running` were declared, which takes an address too (wait-for-running.ts).
 */
export function changesOf(olds: Values, news: Values): string[] {
  const wiping = needsWipe(olds, news);
  const isForgotten = (property: string) => (INSTALLATION.has(property) || property === "rootPassword") && news[property] === undefined && !wiping.includes(property);
  const changed: string[] = COMPARED.filter((property) => isUnknown(news[property]) || (olds[property] !== news[property] && !isForgotten(property)));
  if ((olds["allowDelete"] === true) !== (news["allowDelete"] === true)) changed.push("allowDelete");
  if (olds["state"] !== "running" || !olds["ipv4"]) changed.push("state");
  return changed;
}

/** What only a later deletion asks for is written down, and asks nothing of the VM. */
export function isOnlyAboutDeletion(olds: Values, news: Values): boolean {
  const changed = changesOf(olds, news);
  return changed.length > 0 && changed.every((property) => property === "allowDelete" || property === "wipeOnDelete");
}

/** Changes that would buy another VM. */
export function needsPurchase(olds: Values, news: Values): string[] {
  return (["plan", "dataCenterId"] as const).filter((property) => differs(olds, news, property));
}

/**
 * Changes that take effect at first boot only, so that the VM would have to be wiped. Where the
 * script has a fingerprint, that tells whether it differs; its id alone may change (made anew).
 */
export function needsWipe(olds: Values, news: Values): string[] {
  const scriptProperty = news["postInstallFingerprint"] === undefined ? "postInstallScriptId" : "postInstallFingerprint";
  const differing = ["templateId", scriptProperty].filter((property) => differs(olds, news, property));
  return isRecreation(olds, news) ? [...differing, "recreation"] : differing;
}

/** Asked for, and not only not mentioned any more. A VM that has just been acquired is as new as it can be. */
function isRecreation(olds: Values, news: Values): boolean {
  return news["recreation"] !== undefined && !isUnknown(news["recreation"]) && news["recreation"] !== olds["recreation"];
}

function differs(olds: Values, news: Values, property: string): boolean {
  return !isUnknown(news[property]) && olds[property] !== undefined && meaningOf(olds, property) !== meaningOf(news, property);
}

/** `kvm1` in a state of before is the catalog item that a check now makes of it. */
function meaningOf(values: Values, property: string): unknown {
  const value = values[property];
  return property === "plan" && typeof value === "string" ? (catalogItemOf(value) ?? value) : value;
}

/** Only what a switch allows for just this VM is a replacement; everything else is refused elsewhere. */
export function needsReplacement(vmId: number, olds: Values, news: Values): string[] {
  if (news["allowReplaceOf"] !== vmId) return [];
  return olds["state"] === GONE ? [...needsPurchase(olds, news), "vmId"] : needsPurchase(olds, news);
}
