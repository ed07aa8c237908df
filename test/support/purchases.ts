/** Purchases by the service's books, without an engine: users who want a VPS, and what the guards say. */
import type { Pool } from "pg";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { readSettings } from "../../src/config/index.ts";
import { inTransaction } from "../../src/db/index.ts";
import { admit, countPlaces, openPurchaseDesk } from "../../src/purchases/index.ts";
import type { Admission, PurchaseDesk } from "../../src/purchases/index.ts";
import { findVpsByUserId, requestVps, setVpsStatus } from "../../src/records/index.ts";
import type { VpsRecord, VpsRequest } from "../../src/records/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { until } from "./until.ts";

export const KVM1 = "hostingercom-vps-kvm1-usd-1m";

export interface PurchaseWorld extends PurchaseDesk {
  readonly session: Session;
  /** In the records alone, as POST /api/vps/provision does it. */
  signUp(username: string, more?: Partial<VpsRequest>): Promise<VpsRecord>;
  /** What a run of `up` asks before its engine starts; a user who has to wait waits. */
  ask(username: string): Promise<Admission>;
  record(username: string): Promise<VpsRecord>;
  /** The record as soon as it is so. */
  until(username: string, what: string, isReached: (record: VpsRecord) => boolean): Promise<VpsRecord>;
  close(): Promise<void>;
}

/** @param env over settings that limit nothing */
export function openPurchaseWorld(pool: Pool, sandbox: Sandbox, env: Readonly<Record<string, string>> = {}): PurchaseWorld {
  const all = {
    ...sandbox.env, DATABASE_URL: "postgres://unused@127.0.0.1/unused", VPS_DOMAIN: sandbox.domain, PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests",
    CREDENTIALS_KEYS: `test:${Buffer.alloc(32).toString("base64")}`, CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq", ...env,
  };
  const settings = hostingerSettings({ get: () => undefined }, all);
  const client = new HostingerClient({ baseUrl: settings.baseUrl, apiKey: settings.apiKey });
  const desk = openPurchaseDesk(pool, readSettings({ env: all, role: "worker" }), client);
  const session: Session = { client, settings, signal: new AbortController().signal, report: () => undefined };
  const record = async (username: string) => (await findVpsByUserId(pool, `u-${username}`))!;
  return {
    ...desk, session, record,
    until: (username, what, isReached) => until(`${username} to come to ${what}`, async () => { const now = await record(username); return isReached(now) && now; }, () => record(username)),
    async signUp(username, more = {}) {
      const request = { userId: `u-${username}`, username, hostname: `${username}.${sandbox.domain}`, plan: KVM1, templateId: 1007, dataCenterId: 9, sshPublicKey: null, ...more };
      return (await inTransaction(pool, (db) => requestVps(db, request))).record;
    },
    async ask(username) {
      const before = await record(username);
      const admission = await admit(desk.guard, desk.account, session, { record: before, changeId: null, needsPurchase: before.hostingerVmId === null });
      if (admission.wait) {
        await setVpsStatus(pool, before.userId, { status: "queued", waitingKind: admission.wait.kind, waitingFor: admission.wait.text });
        await countPlaces(pool);
      }
      return admission;
    },
    close: async () => void (await Promise.all([client.close(), desk.close()])),
  };
}
