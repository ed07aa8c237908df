import { zoneRecords } from "../../providers/cloudflare/api.ts";
import type { CloudflareAccess } from "../../providers/cloudflare/api.ts";

export interface WantedRecord {
  readonly name: string;
  readonly content: string;
}

export interface LostDnsRecords {
  /** Removes A records of exactly this name and address; whether there was one. */
  removeUnknown(record: WantedRecord): Promise<boolean>;
  /** Names of the zone whose A records lead to the address. */
  namesOf(address: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export function lostDnsRecords(access: CloudflareAccess): LostDnsRecords {
  const zone = zoneRecords(access);
  return {
    async removeUnknown({ name, content }) {
      const found = await zone.list({ name, type: "A" });
      const ours = found.filter((record) => record.type === "A" && record.name === name && record.content === content);
      for (const { id } of ours) await zone.remove(id);
      return ours.length > 0;
    },
    async namesOf(address) {
      const found = await zone.list({ content: address, type: "A" });
      return found.filter(({ content }) => content === address).map(({ name }) => name);
    },
    close: () => zone.close(),
  };
}
