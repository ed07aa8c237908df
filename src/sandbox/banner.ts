import type { Sandbox } from "./sandbox.ts";

/** Said at every start, so that nobody takes the sandbox for the real thing. */
export function sandboxBanner(sandbox: Pick<Sandbox, "hostingerUrl" | "cloudflareUrl" | "controlUrl" | "domain">): string {
  const lines = [
    "SANDBOX: NOTHING HERE IS REAL",
    "No VPS is bought, no money is spent, no DNS record is published.",
    "Hostinger, Cloudflare, the DNS zone and the VMs are simulated on this machine's loopback.",
    "",
    `Hostinger API   ${sandbox.hostingerUrl}/api/...`,
    `Cloudflare API  ${sandbox.cloudflareUrl}   (zone ${sandbox.domain})`,
    `Controls        ${sandbox.controlUrl}/state`,
  ];
  const width = Math.max(...lines.map((line) => line.length));
  const bar = "*".repeat(width + 4);
  return [bar, ...lines.map((line) => `* ${line.padEnd(width)} *`), bar].join("\n");
}
