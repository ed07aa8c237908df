/** The sandbox stand-in for `pulumi-resource-cloudflare`; the engine starts it as a process. */
import { cloudflareStandIn } from "./cloudflare-stand-in.ts";
import { servePlugin } from "./plugin-server.ts";

await servePlugin(cloudflareStandIn(process.env), process.argv[2]);
