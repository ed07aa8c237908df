/** The rules of a firewall: what they may be, and whether two lists are the same. */
import { FIREWALL_PROTOCOLS } from "./api/firewalls.ts";
import { isUnknown } from "./property-values.ts";

/** A rule as it is compared: the API's own may have other protocols than can be declared. */
type AnyRule = Readonly<Record<"protocol" | "port" | "source", string> & { sourceDetail: string | null }>;

/** Why rules cannot be used; empty if they can. */
export function ruleFaults(rules: unknown): string[] {
  if (!Array.isArray(rules) || rules.length === 0) return ["expected at least one rule: a firewall without rules lets nothing in"];
  const seen = new Set<string>();
  return rules.flatMap((rule: Record<string, unknown>, index) => {
    if (isUnknown(rule) || Object.values(rule).some(isUnknown)) return [];
    const { protocol, port, source, sourceDetail } = rule;
    const place = `rule ${index + 1}`;
    const faults: string[] = [];
    if (!FIREWALL_PROTOCOLS.some((known) => known === protocol)) faults.push(`${place}: protocol: expected one of ${FIREWALL_PROTOCOLS.join(", ")}`);
    if (typeof port !== "string" || !isPorts(port)) faults.push(`${place}: port: expected a port such as '443', a range such as '1024:2048', or 'any'`);
    if (source !== "any" && source !== "custom") faults.push(`${place}: source: expected 'any' or 'custom'`);
    if (typeof sourceDetail !== "string" || sourceDetail === "") faults.push(`${place}: sourceDetail: expected an address, a range such as '192.0.2.0/24', or 'any'`);
    if (seen.has(keyOf(rule as unknown as AnyRule))) faults.push(`${place}: the same rule is there twice`);
    seen.add(keyOf(rule as unknown as AnyRule));
    return faults;
  });
}

export function sameRules(some: readonly AnyRule[], others: readonly AnyRule[]): boolean {
  const keys = (rules: readonly AnyRule[]) => rules.map(keyOf).sort().join("\n");
  return keys(some) === keys(others);
}

function keyOf({ protocol, port, source, sourceDetail }: AnyRule): string {
  return JSON.stringify([protocol, port, source, sourceDetail ?? "any"]);
}

function isPorts(text: string): boolean {
  const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text);
  if (!match) return text === "any";
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  return first >= 1 && first <= last && last <= 65_535;
}
