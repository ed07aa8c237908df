import { UserVpsError } from "../../providers/core/errors.ts";
import { versionOf } from "../install-pulumi/needed-plugins.ts";
import { cloudflareSettings, type CloudflareSettings } from "./cloudflare-api.ts";
import { DNS_RECORD_TYPE, dnsRecordResource } from "./dns-record.ts";
import type { StandIn } from "./plugin-server.ts";

/** `env` is what the plugin has in its environment. */
export function cloudflareStandIn(env: NodeJS.ProcessEnv): StandIn {
  let settings: CloudflareSettings | undefined;
  return {
    version: versionOf("cloudflare"),
    configure(configured) {
      // What was configured before is not to serve if this is refused.
      settings = undefined;
      settings = cloudflareSettings(configured, env);
    },
    resources: {
      [DNS_RECORD_TYPE]: dnsRecordResource(() => {
        if (!settings) throw new UserVpsError("CONFIG_INVALID", "The Cloudflare provider is not configured.");
        return settings;
      }),
    },
  };
}
