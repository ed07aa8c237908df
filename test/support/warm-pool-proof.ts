/** What a warm pool gives to those who sign up, with the real engine and VMs that take their time to boot. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { canLogIn } from "./ssh-login.ts";
import { startServiceWorld } from "./service-world.ts";
import type { ServiceWorld } from "./service-world.ts";
import { signToken, TEST_JWT_SECRET } from "./tokens.ts";

const DATA_CENTER = 9;
const LOOK_INTERVAL_MS = 50;
const LIMIT_MS = 1_800_000;

export interface WarmPoolProof {
  readonly databaseUrl: string;
  readonly members: number;
  readonly bootMs: number;
  readonly scriptMs: number;
}

export interface WarmPoolWorld {
  readonly world: ServiceWorld;
  /** Of the service. */
  readonly url: string;
  /** Of each member, by user name, what its VM was made with; nobody is ever shown it. */
  readonly secrets: ReadonlyMap<string, MemberSecrets>;
  filled(): Promise<void>;
  /** Signs the user up, and waits until the page would say that the VPS is ready. @returns seconds */
  signUp(name: string, wish?: object): Promise<number>;
  /** What is not as it should be with a VPS that came from the pool. */
  wrongWith(name: string): Promise<string[]>;
  close(): Promise<void>;
}

interface MemberSecrets {
  readonly password: string;
  readonly jwtSecret: string;
}

/** With a pool that is being filled. */
export async function openWarmPool({ databaseUrl, members, bootMs, scriptMs }: WarmPoolProof): Promise<WarmPoolWorld> {
  const world = await startServiceWorld(databaseUrl, { bootMs, scriptMs });
  const { sandbox, pool } = world;
  const secrets = new Map<string, MemberSecrets>();
  const stopped = new AbortController();
  const noting = noteSecrets(world, secrets, stopped.signal);
  const { url } = await world.startAll({ JWT_SECRET: TEST_JWT_SECRET, POOLS: JSON.stringify([{ plan: "kvm1", dataCenterId: DATA_CENTER, ready: members }]), WORKER_CONCURRENCY: "2", RATE_LIMIT_PER_MINUTE: "1000000", CERTIFICATES_PER_WEEK: "100000" });

  const call = async (name: string, method: string, path: string, body?: object) => {
    const token = await signToken({ sub: `u-${name}`, username: name }, { expiresInSeconds: 3_600 });
    const answer = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) }, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return await answer.json() as Record<string, unknown>;
  };
  const until = async (what: string, isReached: () => Promise<boolean>) => {
    for (const endMs = Date.now() + LIMIT_MS; !(await isReached()); await sleep(LOOK_INTERVAL_MS)) if (Date.now() > endMs) throw new Error(`${what}: not within ${LIMIT_MS / 1_000} s`);
  };

  return {
    world, url, secrets,
    filled: () => until("a full pool", async () => (await pool.query("SELECT FROM vps_pool_members WHERE state = 'ready'")).rowCount === members),
    async signUp(name, wish) {
      const begunMs = performance.now();
      await call(name, "POST", "/api/vps/provision", wish);
      await until(`${name}'s VPS`, async () => (await call(name, "GET", "/api/vps/status"))["status"] === "ready");
      return (performance.now() - begunMs) / 1_000;
    },
    async wrongWith(name) {
      const shown = await call(name, "POST", "/api/vps/credentials") as { password: string; jwtSecret: string };
      const { rows: [own] } = await pool.query<{ vmId: number; member: string }>(`SELECT vm_id::int AS "vmId", username AS member FROM vps_pool_members WHERE claimed_by = $1`, [`u-${name}`]);
      if (!own) return [`${name} has no member of the pool`];
      const vm = sandbox.state().vms.find(({ id }) => id === own.vmId)!;
      const before = secrets.get(own.member);
      const logsIn = (password: string) => canLogIn(vm.address!, sandbox.sshPort, "spoq", password);
      const wrong: string[] = [];
      const expect = (holds: boolean, sentence: string) => { if (!holds) wrong.push(`${name}: ${sentence}`); };
      expect(await logsIn(shown.password), "the password that was shown does not log in");
      expect(vm.credentials!.jwtSecretSha256 === sha256(shown.jwtSecret), "Conductor has another JWT secret than was shown");
      expect(before !== undefined, `what ${own.member} was made with is not known`);
      expect(before === undefined || !(await logsIn(before.password)), "the member's password logs in");
      expect(before === undefined || before.jwtSecret !== shown.jwtSecret, "the member's JWT secret is the user's");
      expect(await isCertified(world, vm.address!, `${name}.${sandbox.domain}`), "no certificate for the user's name");
      expect(!(await isCertified(world, vm.address!, `${own.member}.${sandbox.domain}`)), "a certificate for the member's name");
      return wrong;
    },
    async close() {
      stopped.abort();
      await noting;
      await world.close();
    },
  };
}

/** As whoever reads the account's scripts while they hold secrets: they hold none any more once a member is healthy. */
async function noteSecrets({ sandbox }: ServiceWorld, secrets: Map<string, MemberSecrets>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (let page = 1; ; page++) {
      const answer = await fetch(`${sandbox.hostingerUrl}/api/vps/v1/post-install-scripts?page=${page}`, { headers: { authorization: `Bearer ${sandbox.hostingerToken}` } });
      const { data = [], meta } = await answer.json() as { data?: { name: string; content: string }[]; meta?: { total: number; per_page: number } };
      for (const { name, content } of data) {
        const member = /pool-[0-9a-f]+/.exec(name)?.[0];
        const value = (variable: string) => new RegExp(`^${variable}='?([^'\n]+)'?$`, "m").exec(content)?.[1];
        const [password, jwtSecret] = [value("SSH_PASSWORD"), value("JWT_SECRET")];
        if (member && password && jwtSecret) secrets.set(member, { password, jwtSecret });
      }
      if (!meta || page * meta.per_page >= meta.total) break;
    }
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
}

function isCertified({ sandbox }: ServiceWorld, host: string, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: sandbox.httpsPort, servername: name, ca: sandbox.caPem }, () => end(true));
    const end = (outcome: boolean) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.on("error", () => end(false));
  });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
