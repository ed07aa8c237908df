/** What requests and answers look like, for /openapi.json; a test checks each against its schema. */
import { HTTP_ERRORS } from "./http-error.ts";

const at = (clock: string) => `2026-11-25T${clock}.000Z`;
const PLAN = "hostingercom-vps-kvm1-usd-1m";

const ERROR = { error: { code: "VPS_NOT_FOUND", message: "The caller has not asked for a VPS.", next: HTTP_ERRORS.VPS_NOT_FOUND.next, requestId: "6f1c2a54-6f0e-4c39-9d0b-2c3f6c1f7a11" } };

const READY = {
  username: "alice", hostname: "alice.spoq.dev", status: "ready", phase: "done", waitingFor: null, waiting: null, failure: null, pool: null,
  plan: PLAN, templateId: 1007, dataCenter: { id: 9, city: "Phoenix", country: "US" },
  address: "192.0.2.7", url: "https://alice.spoq.dev", vmId: 17_923, credentials: "available", credentialsMadeAt: "2026-01-31T12:03:00.000Z",
  requestedAt: at("12:00:00"), readyAt: at("12:06:30"), updatedAt: at("12:06:30"), version: 14,
};
const PHASE = { phase: "vm", startedAt: at("12:00:02"), endedAt: at("12:04:10"), seconds: 248 };
const ADMIN_VPS = { ...READY, userId: "user_alice", orderId: "8471", subscriptionId: "AzZ9k1", sshPublicKey: null, credentialsRotation: 0 };
const USERS = { queued: 0, provisioning: 1, ready: 118, failed: 1, deprovisioning: 0, deprovisioned: 4, suspended: 0 };
const LISTED = { ...ADMIN_VPS, openFindings: 0, release: "1.4.2" };
const DECLARED = { plan: PLAN, dataCenterId: 9, templateId: 1007, hostname: "alice.spoq.dev" };
const CHANGE = { changeId: 3, kind: "rename", vmId: 17_923, before: DECLARED, after: { ...DECLARED, hostname: "ada.spoq.dev" }, requestedBy: "operator_1", reason: "ticket 4711", requestedAt: at("14:00:00"), paidUntil: null, begunAt: at("14:00:01"), endedAt: at("14:00:30"), outcome: "succeeded" };
const RUN = {
  runId: "1f78f974-8fef-43ec-b505-527ad4f2e1a4", userId: "user_alice", username: "alice", operation: "up", workerId: "worker-1", hostId: "machine-1",
  startedAt: at("12:00:01"), endedAt: at("12:00:05"), outcome: "succeeded", errorCode: null, message: null, seconds: 3.7,
  resourceChanges: { create: 6 }, resources: [{ type: "user-vps:index:VirtualMachine", name: "vm", operation: "create", seconds: 1.2, id: "17923", outputs: { ipv4: "192.0.2.7" }, changed: [{ name: "hostname", before: null, after: "alice.spoq.dev" }] }],
  cause: { kind: "signup", requestedBy: "user_alice", reason: null },
};
const DOCTOR = { lookedAt: at("14:00:00"), well: false, checks: [{ check: "clock", meaning: "The clock is right: purchases are told apart by it.", result: "failed", found: "95 s behind Hostinger's", mend: "Set the clock, and keep it right with NTP: `timedatectl set-ntp true`." }] };
const ACTION = { actionId: 12, askedAt: at("14:00:00"), requestedBy: "operator_1", path: "/api/admin/vps/alice/retry", username: "alice", reason: "ticket 4711", requestId: ERROR.error.requestId, status: 202 };
const PROPERTY = { name: "content", declared: "192.0.2.7", actual: "198.51.100.9", whatUpWouldDo: "update" };
const RESOURCE = { resource: "record", type: "cloudflare:index/dnsRecord:DnsRecord", properties: [PROPERTY], whatUpWouldDo: "update" };
const SWEEP = { sweepId: 7, requestedBy: "operator_1", requestedAt: at("12:15:00"), startedAt: at("12:15:01"), finishedAt: at("12:15:03"), outcome: "succeeded", message: null, seconds: 1.4, apiCalls: 4, users: 120, examined: 118, findings: 1, previews: 1 };
const FINDING = { findingId: 12, kind: "VmStopped", subject: "17923", username: "alice", declared: "running", actual: "stopped", firstSeen: at("12:15:01"), lastSeen: at("12:30:01"), resolvedAt: null, repair: { by: "up", why: null }, preview: null };
const GIVEN_UP = {
  username: "bob", vmId: 17_924, subscriptionId: "AzZ9k2", plan: PLAN, dataCenterId: 9, paidUntil: at("12:00:00"), requestedBy: "operator_1", reason: "account closed", wipe: true,
  requestedAt: at("10:00:00"), dueAt: at("10:00:00"), cancelledAt: null, startedAt: at("10:00:02"), stackRemovedAt: at("10:01:00"), wipedAt: at("10:00:40"), notWipedBecause: null, stoppedAt: at("10:00:50"),
  restState: "stopped", renewal: "off", endedAt: at("10:01:00"), reusedBy: null, reusedAt: null, unusableBecause: null,
};
const PURCHASE = {
  purchaseId: 31, username: "alice", hostname: "alice.spoq.dev", plan: PLAN, purpose: "signup", state: "bought", waitsFor: null, priceCents: 499, currency: "USD", orderId: "8471", subscriptionId: "AzZ9k1", vmId: 17_923,
  askedAt: at("12:00:00"), reservedAt: at("12:00:01"), boughtAt: at("12:00:03"), endedAt: null, paidUntil: "2026-12-25T12:00:03.000Z", daysLeft: 30, evidence: null, decision: null,
};
const OVERVIEW = {
  switch: { on: true, setBy: null, reason: null, setAt: null },
  caps: { purchasesToday: 3, purchasesPerDay: 20, spentTodayCents: 1_497, spentThisMonthCents: 14_970, spendPerMonthCents: 50_000, fleet: 120, fleetLimit: 500, certificates: 9, certificatesPerWeek: 50, maxPriceCents: null, zoneRecordLimit: 200 },
  breaker: { state: "closed", refusals: 0, reason: null, openedAt: null, nextProbeAt: null }, waiting: [], uncertain: 0,
};
const PROGRAM = { url: "https://downloads.example.com/conductor-1.4.2", sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" };
const RELEASE = { version: "1.4.2", conductor: PROGRAM, cli: null, createdBy: "operator_1", createdAt: at("09:00:00") };
const MEMBER = { username: "alice", wave: 1, status: "succeeded", runId: RUN.runId, errorCode: null, message: null, snapshotAt: null, startedAt: at("15:00:01"), endedAt: at("15:00:20") };
const ROLL_OUT = {
  rollOutId: "7503c0a2-b16d-4673-91b3-7e28ff1bcabf", version: "1.4.2", requestedBy: "operator_1", reason: "fixes the login", concurrency: 2, maxFailures: 1, snapshot: false,
  createdAt: at("15:00:00"), endedAt: null, outcome: null, cancelledBy: null, counts: { waiting: 11, running: 0, succeeded: 1, failed: 0, skipped: 0 },
};
const VM_ACTION = { actionId: 8_123, name: "ct_restart", progress: "completed", state: "success", createdAt: "2026-11-25T13:00:00Z", updatedAt: "2026-11-25T13:00:09Z" };

const NOTIFICATION = { id: `msg_${"0".repeat(31)}1`, target: "backend", state: "delivered", events: [{ type: "vps.ready", at: at("12:06:30"), username: "alice", data: {} }], attempts: 1, createdAt: at("12:06:30"), nextAttemptAt: null, lastError: null, deliveredAt: at("12:06:31") };
const TARGET = { name: "backend", format: "webhook", address: "https://app.example.com/…", events: ["vps.*"], pending: 0, oldestPendingAt: null, givenUp: 0, failures: 0, lastError: null, retryAt: null, answeredAt: at("12:06:31"), pausedAt: null };

const POOL_MEMBER = { username: "pool-k3x9", state: "ready", vmId: 17_950, createdAt: at("09:00:00"), readyAt: at("09:06:00"), paidUntil: "2026-12-25T09:00:00.000Z", claimedBy: null, reason: null };
const POOL = {
  poolId: "kvm1-9-1007", plan: PLAN, dataCenterId: 9, templateId: 1007, state: "filling", pausedBecause: null, failures: 0, keepReady: 2, schedule: [], mostPerDay: 5, wanted: 2, setBy: null, setAt: at("09:00:00"),
  ready: 1, building: 1, failed: 0, claimed: 4, setAside: 0, retiring: 0, begunToday: 2, spentCents: 2_994, asked: 5, hits: 4, secondsWith: 9.5, secondsWithout: 390, members: [POOL_MEMBER],
};

const page = (item: object) => ({ items: [item], nextCursor: null });

/** By the name of the schema. */
export const SHAPE_EXAMPLES: Readonly<Record<string, object>> = {
  Error: ERROR,
  Phase: PHASE,
  Vps: { ...READY, queue: null, estimatedReadyAt: null, phases: [PHASE], statusUrl: "/api/vps/status", eventsUrl: "/api/vps/events" },
  AdminVps: ADMIN_VPS, AdminVpsDetail: { ...ADMIN_VPS, queue: null, estimatedReadyAt: null, phases: [PHASE] }, ListedVps: LISTED, AdminVpsPage: { ...page(LISTED), total: 1 },
  Credentials: { username: "spoq", hostname: "alice.spoq.dev", password: "an-example-and-no-password", jwtSecret: "an-example-and-no-secret", madeAt: "2026-01-31T12:03:00.000Z" },
  VpsChange: CHANGE, VpsChangePage: page(CHANGE),
  Run: RUN, RunPage: page(RUN), RunLog: { lines: [{ seq: 1, at: at("12:00:02"), line: "Updating (alice):" }], ended: true },
  DoctorReport: DOCTOR, OperatorAction: ACTION, OperatorActionPage: page(ACTION),
  StackDrift: { username: "alice", resources: [RESOURCE], changes: 1, refusal: null },
  Sweep: SWEEP, SweepPage: page(SWEEP),
  Finding: FINDING, FindingPage: page(FINDING),
  Repair: { repairId: 4, findingId: 12, requestedBy: "operator_1", why: "ticket 4711", requestedAt: at("12:31:00"), decision: "queued", reason: "`up` starts the VM." },
  GivenUpVm: GIVEN_UP, GivenUpVmPage: page(GIVEN_UP),
  Purchase: PURCHASE, PurchasePage: page(PURCHASE), PurchaseOverview: OVERVIEW,
  Release: RELEASE, ReleasePage: page(RELEASE),
  Retried: { usernames: ["alice", "bob"], left: 0, lastsSeconds: 6 },
  RollOutMember: MEMBER, RollOut: ROLL_OUT, RollOutWithMembers: { ...ROLL_OUT, members: [MEMBER] }, RollOutPage: page(ROLL_OUT),
  VmAction: VM_ACTION, VmActionPage: { vmId: 17_923, ...page(VM_ACTION) },
  Notification: NOTIFICATION, NotificationPage: page(NOTIFICATION), NotificationTarget: TARGET, NotificationTargetPage: page(TARGET), NotificationsResent: { count: 3 },
  SelfService: { allowed: ["restart", "ssh-key"], credentialsShownAgainUntil: null, ssh: { user: "spoq", port: 22, hostKey: { type: "ssh-ed25519", fingerprint: "SHA256:uNiVztksCsDhcc0u9e8BrrQXVUpKZIDTMczCvj3tD2s" }, publicKey: null }, snapshotAt: null, lastRuns: [{ operation: "power", startedAt: at("13:00:00"), endedAt: at("13:00:09"), outcome: "succeeded" }] },
  HandOver: { url: "https://vps.example.com/me#code=an-example", code: "an-example", expiresAt: at("12:01:00") },
  BulkOutcome: { touched: ["alice"], left: [{ username: "bob", why: "It is 'ready'." }], beyond: 0 },
  Fleet: { users: USERS, usersWithFindings: 1, findings: [{ kind: "VmStopped", meaning: "The VM is stopped.", count: 1 }], purchasesInDoubt: 0, purchasesHeldBack: null, rollOut: null, plans: [PLAN], dataCenters: [{ id: 9, name: "Phoenix" }], releases: ["1.4.2"] },
  Offers: { plans: [PLAN], dataCenters: [{ id: 9, name: "Phoenix, US" }], templates: [{ id: 1007, name: "Ubuntu 22.04 LTS" }] },
  BootLog: { address: "192.0.2.7", hostKeyFingerprint: "SHA256:uNiVztksCsDhcc0u9e8BrrQXVUpKZIDTMczCvj3tD2s", hostKeyVerified: true, outcome: "complete", step: { number: 9, of: 9, title: "Caddy" }, exitStatus: null, mayPass: false, lastLines: ["done"], lines: ["done"] },
  UserNext: { nextTry: { attempt: 3, of: 12, at: at("12:10:00") }, release: "1.4.2" },
  PoolMember: POOL_MEMBER, Pool: POOL, PoolPage: page(POOL),
  LoginLink: { path: "/login#code=k1.an-example", url: "https://vps.example.com/login#code=k1.an-example", expiresAt: at("12:05:00"), operator: "operator_1", role: "operator" },
  FleetNumbers: {
    users: USERS, stepSeconds: 3_600,
    steps: [{ at: at("12:00:00"), ready: 118, failedRuns: 1, secondsToReadyP50: 390, secondsToReadyP95: 520, monthlySpendCents: 58_882 }],
  },
};

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJvVd7xkR0lO2wYxUQWc2xJ9m1iH3pQK5uG0o5nXcM7R alice@laptop";
const why = { reason: "ticket 4711" };
const confirmed = { confirm: "alice", ...why };

/** By the operation's id. Without one: the body may be left out. */
export const BODY_EXAMPLES: Readonly<Record<string, object>> = {
  provisionVps: { plan: "kvm1", clientAddress: "198.51.100.7", sshPublicKey: KEY },
  retryVps: { ...why, dataCenterId: 9 },
  retryAll: { reason: "Hostinger is back", code: "API_UNAVAILABLE", perMinute: 10 },
  repairFinding: { why: "ticket 4711" },
  repairVps: why, resendNotification: why, resendGivenUpNotifications: why, resumeNotificationTarget: why, testNotificationTarget: why, cancelVps: why, startVm: why, stopVm: why, restartVm: why, suspendUser: why, resumeUser: why, rotateCredentials: why, skipInRollOut: why,
  makeSnapshot: confirmed,
  renameVps: { ...confirmed, hostname: "ada.spoq.dev" },
  recreateVm: confirmed,
  replaceVm: { ...confirmed, plan: "kvm2" },
  deprovisionVps: { ...confirmed, wipe: true },
  setOwnSshKey: { sshPublicKey: KEY },
  snapshotOwnVps: { confirm: "alice" },
  restoreOwnVps: { confirm: "alice" },
  handOverUser: {},
  previewBulk: { action: "retry", filter: { status: "failed" } },
  actInBulk: { action: "retry", usernames: ["alice", "bob"], reason: "Hostinger is back" },
  resolvePurchase: { decision: "vm", vmId: 17_923, reason: "order 8471 in hPanel" },
  setPool: { plan: "kvm1", dataCenterId: 9, ready: 2, mostPerDay: 5, reason: "the launch" },
  drainPool: why,
  switchPurchases: { on: false, reason: "the card is being replaced" },
  createRelease: { version: "1.4.2", conductor: PROGRAM },
  startRollOut: { version: "1.4.2", confirm: "1.4.2", reason: "fixes the login", waves: ["1", "10%", "rest"] },
};
