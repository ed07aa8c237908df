import { writeCaFile } from "./ca-file.ts";
import { cloudflareApi } from "./cloudflare/api.ts";
import { controlApi } from "./control/api.ts";
import { stateView } from "./control/state-view.ts";
import { DnsServer } from "./dns/server.ts";
import { hostingerApi } from "./hostinger/api.ts";
import { CallLog } from "./http/call-log.ts";
import { Faults } from "./http/faults.ts";
import { ApiServer } from "./http/server.ts";
import { assertLoopback } from "./loopback.ts";
import { load, saveOnChange } from "./persistence.ts";
import { preferring, reserveVmPort } from "./ports.ts";
import type { Sandbox, SandboxOptions } from "./sandbox.ts";
import { Artefacts } from "./vm/artefacts.ts";
import { CertificateAuthority } from "./vm/certificate-authority.ts";
import { Lifecycle } from "./vm/lifecycle.ts";
import { SshServers } from "./vm/ssh-servers.ts";
import { SharedWebServers } from "./vm/shared-web-servers.ts";
import { WebServers } from "./vm/web-servers.ts";
import { emptyState, World } from "./world.ts";

export { sandboxBanner } from "./banner.ts";
export type { StateView, VmView } from "./control/state-view.ts";
export type { Edit, Fault, FaultRule } from "./http/faults.ts";
export type { Sandbox, SandboxOptions } from "./sandbox.ts";

const HOSTINGER_TOKEN = "fake-hostinger-token-for-the-sandbox";
/** As long as a real one: the Cloudflare plugin wants [0-9A-Za-z_-]{40,80}. */
const CLOUDFLARE_TOKEN = "fake-cloudflare-token-for-the-sandbox-000";
const ZONE_ID = "5a4db0c5a4db0c5a4db0c5a4db0c5a4d";

/** Starts the simulated world in this process. It never binds or speaks to anything but loopback. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await open(options, (end) => void closers.push(end))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(options: SandboxOptions, atEnd: (end: () => unknown) => void): Promise<Omit<Sandbox, "close">> {
  const host = options.host ?? "127.0.0.1";
  assertLoopback(host);
  const saved = options.persistFile === undefined ? undefined : load(options.persistFile);
  const authority = saved === undefined ? await CertificateAuthority.create() : await CertificateAuthority.load(saved.authority);
  const domain = options.domain ?? "spoq.dev";
  const pace = { bootMs: options.bootMs ?? 400, scriptMs: options.scriptMs ?? 300, actionMs: options.actionMs ?? 100 };
  const world = new World({ state: saved?.state ?? emptyState(), pace, domain, zoneId: ZONE_ID });
  atEnd(() => world.removeAllListeners());

  const https = await preferring(options.httpsPort ?? 0, saved?.ports.https, reserveVmPort);
  atEnd(() => https.close());
  const ssh = await preferring(options.sshPort ?? 0, saved?.ports.ssh, reserveVmPort);
  atEnd(() => ssh.close());
  const dns = await preferring(options.dnsPort ?? 0, saved?.ports.dns, (port) => DnsServer.listen(world, host, port));
  atEnd(() => dns.close());
  const servers = new WebServers(world, authority, https.port);
  atEnd(() => servers.close());
  const sharedServers = new SharedWebServers(world, authority, https.port);
  atEnd(() => sharedServers.close());
  const artefacts = new Artefacts();
  const lifecycle = new Lifecycle(world);
  atEnd(() => lifecycle.close());
  const sshServers = new SshServers({ world, lifecycle, artefacts, port: ssh.port });
  atEnd(() => sshServers.close());

  const faults = new Faults();
  const calls = new CallLog();
  const reset = () => {
    resetWorld(world, lifecycle);
    // Its addresses are given out anew.
    void sharedServers.close();
    faults.clear();
    artefacts.clear();
    calls.clear();
  };
  const apis = [
    hostingerApi({ world, lifecycle }, HOSTINGER_TOKEN),
    cloudflareApi(world, CLOUDFLARE_TOKEN),
    controlApi({ world, lifecycle, servers, sharedServers, faults, calls, artefacts, reset }),
  ];
  const server = new ApiServer({ apis, faults, calls });
  const apiPort = await preferring(options.apiPort ?? 0, saved?.ports.api, (port) => server.listen(host, port));
  atEnd(() => server.close());

  const ports = { api: apiPort, dns: dns.port, https: https.port, ssh: ssh.port };
  if (options.persistFile !== undefined) saveOnChange(options.persistFile, world, { ports, authority: authority.files });
  const ca = writeCaFile(options.dataDir, authority.files.certificatePem);
  atEnd(() => ca.remove());

  const hostingerUrl = `http://${host}:${apiPort}`;
  const cloudflareUrl = `${hostingerUrl}/client/v4`;
  const resolver = `${host}:${dns.port}`;
  return {
    hostingerUrl,
    cloudflareUrl,
    controlUrl: `${hostingerUrl}/sandbox`,
    resolver,
    caFile: ca.file,
    caPem: authority.files.certificatePem,
    httpsPort: https.port,
    sshPort: ssh.port,
    hostingerToken: HOSTINGER_TOKEN,
    cloudflareToken: CLOUDFLARE_TOKEN,
    zoneId: ZONE_ID,
    domain,
    env: {
      HOSTINGER_API_BASE_URL: hostingerUrl,
      HOSTINGER_API_KEY: HOSTINGER_TOKEN,
      CLOUDFLARE_BASE_URL: cloudflareUrl,
      CLOUDFLARE_API_TOKEN: CLOUDFLARE_TOKEN,
      CLOUDFLARE_ZONE_ID: ZONE_ID,
      USER_VPS_DNS_RESOLVER: resolver,
      USER_VPS_CA_FILE: ca.file,
      USER_VPS_HEALTH_PORT: String(https.port),
      USER_VPS_SSH_PORT: String(ssh.port),
    },
    state: () => stateView({ world, calls, servers }),
    addFault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    reset,
  };
}

/** Numbers and addresses are never given out twice, so that nothing old is taken for something new. */
function resetWorld(world: World, lifecycle: Lifecycle): void {
  const { vms, nextId, nextAddress } = world.state;
  for (const vm of vms) lifecycle.forget(vm);
  lifecycle.bootPlans.clear();
  lifecycle.actionPlans.clear();
  lifecycle.purchasePlans.clear();
  lifecycle.forgetOrders();
  world.state = { ...emptyState(), nextId, nextAddress };
  for (const vm of vms) world.vmChanged(vm);
  world.changed();
}
