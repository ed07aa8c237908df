import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { createClient, inTransaction } from "../../src/db/index.ts";
import { ChangeFeed, CHANGES_CHANNEL } from "../../src/http/change-feed.ts";
import { TOLD_LATER } from "../../src/http/tell-signups.ts";
import { WAKE_CHANNEL } from "../../src/jobs/index.ts";
import { createPoolMember, findVpsByUserId, notePoolMemberReady, requestVps, savePool, saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withApp } from "../support/http-app.ts";
import { asUser } from "../support/tokens.ts";
import { until } from "../support/until.ts";

const { app, pool, url, jobs } = await withApp();
eachBeginsEmpty({ pool, jobs });

describe("POST /api/vps/provision", () => {
  it("answers 202 with the record and a status address, and queues one job", async () => {
    const answer = await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("alice"), payload: { plan: "kvm2", dataCenterId: 19 } });
    assert.equal(answer.statusCode, 202);
    assert.equal(answer.headers.location, "/api/vps/status");
    const body = answer.json();
    assert.deepEqual([body.username, body.hostname, body.status, body.plan, body.templateId], ["alice", "alice.spoq.dev", "queued", "hostingercom-vps-kvm2-usd-1m", 1007]);
    assert.deepEqual(body.dataCenter, { id: 19, city: "Frankfurt", country: "Germany" });
    assert.equal(body.statusUrl, "/api/vps/status");
    assert.deepEqual(jobs.enqueued.filter(({ userId }) => userId === "user_alice"), [{ operation: "up", userId: "user_alice" }]);
  });

  it("asked again, also with another plan, answers with the same record and queues nothing", async () => {
    const headers = await asUser("bob");
    const first = (await app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: { plan: "kvm1" } })).json();
    const again = await app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: { plan: "kvm8" } });
    assert.equal(again.statusCode, 202);
    assert.deepEqual(again.json(), first);
    assert.equal(jobs.enqueued.filter(({ userId }) => userId === "user_bob").length, 1);
  });

  it("asked again for what is not sold any more, by a name that was reserved since, or by none, answers with the same record", async () => {
    await requestVps(pool, { userId: "user_api", username: "api", hostname: "api.spoq.dev", plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    for (const [claims, payload] of [[{}, {}], [{}, { plan: "kvm3" }], [{}, { dataCenterId: 4711 }], [{ username: undefined }, {}]] as const) {
      const again = await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("api", claims), payload });
      assert.deepEqual([again.statusCode, again.json().hostname], [202, "api.spoq.dev"], again.body);
    }
    assert.equal(jobs.enqueued.filter(({ userId }) => userId === "user_api").length, 0);
  });

  it("posted 50 times at once, makes one record and one job", async () => {
    const headers = await asUser("carol");
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: {} })));
    assert.deepEqual([...new Set(answers.map(({ statusCode }) => statusCode))], [202]);
    assert.equal(jobs.enqueued.filter(({ userId }) => userId === "user_carol").length, 1);
    assert.equal((await pool.query("SELECT FROM user_vps WHERE user_id = 'user_carol'")).rowCount, 1);
  });

  for (const [name, body] of [["none", {}], ["{}", { payload: {} }], ["none with a content type", { headers: { "content-type": "application/json" } }]] as const) {
    it(`takes the defaults when the body is ${name}`, async () => {
      const user = `defaults-${name.replaceAll(/[^a-z]/g, "").length}`;
      const answer = await app.inject({ method: "POST", url: "/api/vps/provision", ...body, headers: { ...("headers" in body ? body.headers : {}), ...(await asUser(user)) } });
      assert.equal(answer.statusCode, 202, answer.body);
      assert.equal(answer.json().plan, "hostingercom-vps-kvm1-usd-1m");
      assert.equal(answer.json().dataCenter.id, 9);
    });
  }

  it("refuses a name that is ignored by sweeps or reserved, with 422 and without a trace; whoever has it already keeps it", async () => {
    const ignoring = await withApp({ env: { SWEEP_IGNORED_NAMES: "Status-Page.spoq.dev,old.spoq.dev" }, database: { pool, url } });
    for (const name of ["status-page", "www"]) {
      const answer = await ignoring.app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser(name), payload: {} });
      assert.deepEqual([answer.statusCode, answer.json().error.code], [422, "USERNAME_INVALID"]);
      assert.equal(await findVpsByUserId(pool, `user_${name}`), undefined);
    }
    const headers = await asUser("old");
    assert.equal((await app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: {} })).statusCode, 202);
    assert.equal((await ignoring.app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: {} })).statusCode, 202);
    assert.deepEqual(ignoring.jobs.enqueued, []);
  });

  it("is told to pages and workers after its transaction, which itself notifies nobody: others that commit would wait for it", async () => {
    const listener = createClient({ url, name: "test" });
    listener.on("error", () => undefined);
    const told: string[] = [];
    listener.on("notification", ({ channel, payload }) => void told.push(`${channel} ${payload}`));
    await listener.connect();
    for (const channel of [CHANGES_CHANNEL, WAKE_CHANNEL]) await listener.query(`LISTEN ${channel}`);
    const request = { userId: "user_quiet", username: "quiet", hostname: "quiet.spoq.dev", plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null };
    await inTransaction(pool, (db) => requestVps(db, request), { settings: TOLD_LATER });
    assert.equal((await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("loud"), payload: {} })).statusCode, 202);
    await until("both are told", () => told.length >= 2);
    assert.deepEqual(told.toSorted(), [`${CHANGES_CHANNEL} user_loud`, `${WAKE_CHANNEL} `].toSorted());
    await setVpsStatus(pool, "user_quiet", { phase: "vm" });
    await until("a change is told", () => told.includes(`${CHANGES_CHANNEL} user_quiet`));
    await listener.end();
  });

  it("that takes a member of a pool tells those who look at the member, too", async () => {
    const memberId = "pool-member";
    const kvm1 = (await savePool(pool, "kvm1-9-1007", { plan: "hostingercom-vps-kvm1-usd-1m", dataCenterId: 9, templateId: 1007, keepReady: 1, schedule: [], mostPerDay: null }, "olga"))!;
    await inTransaction(pool, async (db) => {
      await createPoolMember(db, kvm1, { memberId, username: "pool-0a1b2c3d4e", hostname: "pool-0a1b2c3d4e.spoq.dev", isReused: false });
      await saveVpsResult(db, memberId, { hostingerVmId: 1_000, address: "127.0.0.2" });
      await notePoolMemberReady(db, memberId, 1_000);
      await setVpsStatus(db, memberId, { status: "ready" });
    });
    const feed = new ChangeFeed(url);
    await feed.start();
    atEnd(() => feed.close());
    const told: string[] = [];
    for (const userId of ["user_claimer", memberId]) feed.subscribe(userId, () => told.push(userId));
    assert.equal((await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("claimer"), payload: {} })).statusCode, 202);
    assert.equal((await findVpsByUserId(pool, memberId))?.status, "deprovisioning");
    await until("both are told of", () => told.length >= 2);
    assert.deepEqual(told.toSorted(), [memberId, "user_claimer"]);
  });

  it("makes neither record nor job when the queue fails", async () => {
    jobs.outage = new Error("fake outage");
    const answer = await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("dave"), payload: {} });
    assert.equal(answer.statusCode, 500);
    assert.equal(answer.json().error.code, "INTERNAL");
    assert.doesNotMatch(answer.body, /fake outage/);
    assert.equal(await findVpsByUserId(pool, "user_dave"), undefined);
  });

  it("makes a given-up VPS afresh, with new credentials wanted, and with no snapshot that would be the user's", async () => {
    const headers = await asUser("erin");
    await app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: {} });
    await setVpsStatus(pool, "user_erin", { status: "deprovisioned" });
    await pool.query("UPDATE user_vps SET snapshot_vm_id = 17923 WHERE user_id = 'user_erin'");
    const again = await app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: { plan: "kvm4" } });
    assert.equal(again.statusCode, 202);
    assert.deepEqual([again.json().status, again.json().plan, again.json().credentials], ["queued", "hostingercom-vps-kvm4-usd-1m", "none"]);
    assert.equal(jobs.enqueued.filter(({ userId }) => userId === "user_erin").length, 2);
    const record = await findVpsByUserId(pool, "user_erin");
    assert.deepEqual([record?.credentialsRotation, record?.snapshotVmId], [2, null]);
  });

  it("refuses the user name of another user with 409", async () => {
    await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("frank"), payload: {} });
    const answer = await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("frank", { sub: "somebody_else" }), payload: {} });
    assert.equal(answer.statusCode, 409);
    assert.equal(answer.json().error.code, "USERNAME_TAKEN");
    assert.equal(jobs.enqueued.filter(({ userId }) => userId === "somebody_else").length, 0);
  });

  it("keeps an SSH key that is one", async () => {
    const sshPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHSXsV1/JOzlZoLdM4r7vH0bKsc4kGKbVqEiZyJ0Q3mC grace@laptop";
    await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("grace"), payload: { sshPublicKey } });
    assert.equal((await findVpsByUserId(pool, "user_grace"))?.sshPublicKey, sshPublicKey);
  });
});

describe("the data center of a user who names none", async () => {
  const proxied = await withApp({ env: { TRUST_PROXY: "1" } });
  const centerFor = async (target: typeof app, username: string, address: string) =>
    (await target.inject({ method: "POST", url: "/api/vps/provision", headers: { ...(await asUser(username)), "x-forwarded-for": address }, payload: {} })).json().dataCenter.id;

  it("is the nearest to the country of the address that a trusted proxy names", async () => {
    assert.equal(await centerFor(proxied.app, "paris", "90.84.1.1"), 15);
    assert.equal(await centerFor(proxied.app, "mumbai", "49.36.0.1"), 13);
    assert.equal(await centerFor(proxied.app, "berlin", "2a02:2e0:3fe::1"), 19);
  });

  it("is found behind gateways that write a port, and those that speak Forwarded", async () => {
    assert.equal(await centerFor(proxied.app, "porto", "90.84.1.1:51008"), 15);
    assert.equal(await centerFor(proxied.app, "bracket", "[2a02:2e0:3fe::1]:51008"), 19);
    const speaksForwarded = await withApp({ env: { TRUST_PROXY: "1", TRUST_PROXY_HEADER: "forwarded" } });
    const headers = { ...(await asUser("forwarded")), forwarded: 'for="49.36.0.1:4711";proto=https', "x-forwarded-for": "90.84.1.1" };
    const answer = await speaksForwarded.app.inject({ method: "POST", url: "/api/vps/provision", headers, payload: {} });
    assert.equal(answer.json().dataCenter.id, 13);
  });

  it("is the default for a private address", async () => {
    assert.equal(await centerFor(proxied.app, "private", "192.168.1.1"), 9);
    assert.equal(await centerFor(proxied.app, "loop", "::1"), 9);
  });

  it("believes only the last hop: what a client puts in front counts for nothing", async () => {
    assert.equal(await centerFor(proxied.app, "liar", "49.36.0.1, 90.84.1.1"), 15);
  });

  it("believes nobody when no proxy is trusted", async () => {
    assert.equal(await centerFor(app, "untrusted", "49.36.0.1"), 9);
  });

  it("is the nearest to the address that a backend names, whose own counts for nothing", async () => {
    const named = async (username: string, clientAddress: string, target = proxied.app) => {
      const headers = { ...(await asUser(username)), "x-forwarded-for": "90.84.1.1" };
      const answer = await target.inject({ method: "POST", url: "/api/vps/provision", headers, payload: { clientAddress } });
      return answer.json().dataCenter.id;
    };
    assert.equal(await named("india", "49.36.0.1"), 13);
    assert.equal(await named("germany", "2a02:2e0:3fe::1"), 19);
    assert.equal(await named("mapped", "::ffff:49.36.0.1"), 13, "of an IPv4 client, as a backend's socket has it");
    assert.equal(await named("nowhere", "192.168.1.1"), 9);
    assert.equal(await named("linked", "fe80::1%eth0"), 9);
    assert.equal(await named("india", "2a02:2e0:3fe::1"), 13, "it is where it is, whoever asks again from elsewhere");
    assert.equal(await named("pune", "49.36.0.1", app), 13, "without a proxy as well");
    const { rows } = await pool.query<{ record: string }>("SELECT user_vps::text AS record FROM user_vps WHERE user_id = 'user_pune'");
    assert.doesNotMatch(rows[0]!.record, /49\.36/, "the address is kept nowhere");
  });

  it("is not what a backend names beside a data center of the user's own", async () => {
    const payload = { dataCenterId: 19, clientAddress: "49.36.0.1" };
    const answer = await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser("chooser"), payload });
    assert.equal(answer.json().dataCenter.id, 19);
  });
});
