/** DNS records as a stack's state has them. */
import type { WantedRecord } from "./lost-dns-record.ts";
import type { StateResource } from "./state-backend.ts";

export function isDnsRecord({ type }: StateResource): boolean {
  return type.endsWith(":DnsRecord");
}

/** Name and address of each, as far as they are known. */
export function dnsRecordsOf(resources: readonly StateResource[]): WantedRecord[] {
  return resources.filter(isDnsRecord).flatMap(({ inputs, outputs }) => {
    const { name, content } = { ...inputs, ...outputs };
    return typeof name === "string" && typeof content === "string" ? [{ name, content }] : [];
  });
}
