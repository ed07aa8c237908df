/** The sandbox stand-in for `pulumi-resource-cloudflare`; the engine starts it as a process. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import { versionOf } from "../needed-plugins.ts";
import { cloudflareSettings, type CloudflareSettings } from "./cloudflare-api.ts";
import { DNS_RECORD_TYPE, dnsRecordResource } from "./dns-record.ts";
import { servePlugin } from "./plugin-server.ts";

let settings: CloudflareSettings | undefined;

await servePlugin(
  {
    version: versionOf("cloudflare"),
    configure(configured) {
      settings = cloudflareSettings(configured, process.env);
    },
    resources: {
      [DNS_RECORD_TYPE]: dnsRecordResource(() => {
        if (!settings) throw new UserVpsError("CONFIG_INVALID", "The Cloudflare provider is not configured.");
        return settings;
      }),
    },
  },
  process.argv[2],
);
