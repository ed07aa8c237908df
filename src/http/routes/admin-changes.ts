import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { LARGEST_ID } from "../../config/value-schemas.ts";
import { whyNoScript } from "../../../providers/hostinger/api/specification.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { parseUsername } from "../../../stacks/username.ts";
import { firstPage } from "../../db/page.ts";
import type { Queryable } from "../../db/queryable.ts";
import { inTransaction } from "../../db/transaction.ts";
import { findOpenPurchase, hasCertificate, isCertificateLeft, readBooks } from "../../purchases/index.ts";
import { AT_REST_STATUSES, CHANGE_KINDS, CHANGE_OUTCOMES, isAtRest, isHostnameTaken, listChanges, lockVps, requestChange, type ChangeRequest, type VpsChange, type VpsRecord } from "../../records/index.ts";
import { REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import { openFindingsOf } from "../../drift/findings.ts";
import type { HttpContext, HttpSettings } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { refuseIgnoredName } from "../ignored-names.ts";
import { OFFERED, offered } from "../offers.ts";
import type { OfferedKind } from "../offers.ts";
import { findUser, lockUser, statusConflict, USERNAME_PARAMS } from "../operated-user.ts";
import { NUMBERED_PAGE, pageOf, pageView } from "../paging.ts";
import { ADMIN_VPS_VIEW, adminVpsView } from "../vps-view.ts";
import { DATA_CENTER, PLAN } from "./provision.ts";

const CONFIRMED = {
  confirm: z.string().max(63).describe("The user name again."),
  reason: REASON.optional(),
};
const RECREATE = z.strictObject({ ...CONFIRMED, templateId: z.int().min(1).max(LARGEST_ID).optional().meta({ description: "Another operating system.", [OFFERED]: "templates" satisfies OfferedKind }) });
const REPLACE = z.strictObject({ ...CONFIRMED, plan: PLAN.optional().describe("Another plan."), dataCenterId: DATA_CENTER.optional().describe("Another data center.") });
const RENAME = z.strictObject({
  ...CONFIRMED,
  hostname: z.string().min(1).max(253).describe("The new host name, directly under VPS_DOMAIN."),
  withoutCertificate: z.boolean().optional().describe("Also while no certificate is left this week (CERTIFICATES_PER_WEEK): the VPS is not reached by HTTPS then until the authority gives one."),
});

const time = z.iso.datetime();
const DECLARED = z.object({ plan: z.string(), dataCenterId: z.int(), templateId: z.int(), hostname: z.string() });
const CHANGE = z.object({
  changeId: z.number(), kind: z.enum(CHANGE_KINDS), vmId: z.number().describe("The VM at the time; the permission was for it alone."),
  before: DECLARED, after: DECLARED, requestedBy: z.string(), reason: z.string(), requestedAt: time,
  paidUntil: time.nullable().describe("Of the VM that was given up for another: until then its data is on it."),
  endedAt: time.nullable(), begunAt: time.nullable().describe("From then on `cancel` does not take it back."), outcome: z.enum(CHANGE_OUTCOMES).nullable(),
}).meta({ id: "VpsChange" });
const CHANGES = pageOf(CHANGE, "VpsChangePage");

const answers = {
  202: { description: "It is queued.", content: { "application/json": { schema: ADMIN_VPS_VIEW } } },
  ...refusals(401, 403, 404, 409, 413, 415, 422),
};

interface Asked {
  readonly confirm: string;
  readonly reason?: string | undefined;
}

/** POST /api/admin/vps/{username}/recreate, replace, rename, and what was asked for: GET …/changes. */
export const adminChangeRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs, settings, offers }) => {
  const change = async (username: string, asked: Asked, requestedBy: string, of: (user: VpsRecord, db: Queryable) => Pick<ChangeRequest, "kind" | "to"> | Promise<Pick<ChangeRequest, "kind" | "to">>) =>
    adminVpsView(await inTransaction(pool, async (db) => {
      const user = await lockUser(db, username);
      if (asked.confirm !== user.username) throw new HttpError("CONFIRMATION_WRONG", `expected '${user.username}' as confirm.`);
      if (!isAtRest(user.status)) throw statusConflict(user, "To change the VPS", AT_REST_STATUSES);
      const { hostingerVmId } = user;
      if (hostingerVmId === null) throw new HttpError("STATUS_CONFLICT", `'${user.username}' has no VM yet.`);
      const request = await of(user, db);
      const changed = await requestChange(db, { ...user, hostingerVmId }, { ...request, requestedBy, reason: asked.reason ?? "none given" });
      if (!changed) throw new HttpError("STATUS_CONFLICT", `Something else was asked for '${user.username}' at the same time.`);
      await jobs.enqueue(db, { operation: "up", userId: user.userId }, { cause: { kind: "change", requestedBy, reason: asked.reason ?? null } });
      return changed;
    }));

  app.post("/recreate", {
    schema: {
      tags: ["operators"], summary: "Wipe the VM and install it anew", params: USERNAME_PARAMS, body: RECREATE, response: answers,
      description: "All data on it is lost, Hostinger's snapshot too. Credentials, address and host name stay. The user name has to be typed again, as `confirm`.",
    },
  }, async (request, reply) => {
    const catalog = await offers();
    const { templateId } = offered(catalog, { templateId: request.body.templateId });
    return reply.code(202).send(await change(request.params.username, request.body, callerOf(request).userId, (user) => {
      const unsuitable = whyNoScript(templateId ?? user.templateId, catalog.templates);
      if (unsuitable !== undefined) throw new UserVpsError("INPUT_INVALID", `templateId: ${unsuitable}.`);
      return { kind: "recreate", to: { ...(templateId !== undefined && { templateId }) } };
    }));
  });

  app.post("/replace", {
    schema: {
      tags: ["operators"], summary: "Another plan or data center, or a VM in place of one that is gone", params: USERNAME_PARAMS, body: REPLACE, response: answers,
      description: "Buys a VM beside the old one, which costs money; when it is installed, the DNS record leads to it, and the old VM is stopped and not renewed. Data is not copied: it stays on the old VM until its paid term ends. The user name has to be typed again, as `confirm`.",
    },
  }, async (request, reply) => {
    const { plan, dataCenterId } = offered(await offers(), { plan: request.body.plan, dataCenterId: request.body.dataCenterId });
    const to = { ...(plan !== undefined && { plan }), ...(dataCenterId !== undefined && { dataCenterId }) };
    return reply.code(202).send(await change(request.params.username, request.body, callerOf(request).userId, async (user, db) => {
      await refuseNothing(db, user, { ...user, ...to });
      return { kind: "replace", to };
    }));
  });

  app.post("/rename", {
    schema: {
      tags: ["operators"], summary: "Another host name", params: USERNAME_PARAMS, body: RENAME, response: answers,
      description: "In place: the record, the VM's own name, what Caddy serves. The old name leads nowhere afterwards. The user name stays. It has to be typed again, as `confirm`. A name that never had a certificate is refused while none is left this week.",
    },
  }, async (request, reply) => {
    const hostname = request.body.hostname.toLowerCase();
    return reply.code(202).send(await change(request.params.username, request.body, callerOf(request).userId, async (user, db) => {
      await refuseOpenPurchase(db, user);
      await refuseHostname(db, user, hostname, settings);
      if (request.body.withoutCertificate !== true) await refuseWithoutCertificate(db, user, hostname, settings);
      return { kind: "rename", to: { hostname } };
    }));
  });

  app.get("/changes", {
    schema: {
      tags: ["operators"], summary: "What was changed of a VPS, newest first", params: USERNAME_PARAMS, querystring: z.strictObject(NUMBERED_PAGE),
      response: { 200: { description: "A page.", content: { "application/json": { schema: CHANGES } } }, ...refusals(401, 403, 404) },
    },
  }, async ({ params, query: { limit, cursor } }) => {
    const { userId } = await findUser(pool, params.username);
    const found = await listChanges(pool, userId, limit + 1, cursor);
    return pageView(firstPage(found, limit, ({ changeId }) => changeId), changeView);
  });
};

/** Without another plan or data center, only a VM that is known to be gone is replaced. */
async function refuseNothing(db: Queryable, user: VpsRecord, wanted: Pick<VpsRecord, "plan" | "dataCenterId">): Promise<void> {
  if (wanted.plan !== user.plan || wanted.dataCenterId !== user.dataCenterId || user.errorCode === "VM_GONE") return;
  const isGone = (await openFindingsOf(db, user.username)).some(({ kind }) => kind === "VmGone");
  if (!isGone) throw new UserVpsError("INPUT_INVALID", `'${user.username}' has this plan in this data center, and its VM is not known to be gone: there is nothing to replace.`, { next: "Name another plan or data center; a sweep tells whether the VM is gone." });
}

/** What is bought, or may be, is recorded in the Hostinger account under the host name, and looked for by it. */
async function refuseOpenPurchase(db: Queryable, { userId, username }: VpsRecord): Promise<void> {
  const purchase = await findOpenPurchase(db, userId);
  if (!purchase || purchase.state === "waiting") return;
  throw new HttpError("STATUS_CONFLICT", `A purchase of '${username}' is '${purchase.state}'; what comes of it has to be known before the host name can be another one.`);
}

/** Whoever signs up later gets `{username}.{domain}`: so a host name has to be one that a user name could give. */
async function refuseHostname(db: Queryable, user: VpsRecord, hostname: string, { domain, sweepIgnoredNames: ignoredNames }: HttpSettings): Promise<void> {
  if (!hostname.endsWith(`.${domain}`)) throw new UserVpsError("INPUT_INVALID", `Expected a host name under ${domain}, got '${hostname}'.`, { next: "Choose a name directly under VPS_DOMAIN." });
  parseUsername(hostname.slice(0, -domain.length - 1));
  refuseIgnoredName(hostname, ignoredNames);
  if (hostname === user.hostname) throw new UserVpsError("INPUT_INVALID", `'${user.username}' has the host name ${hostname} already.`);
  if (await isHostnameTaken(db, user.userId, hostname)) throw new UserVpsError("USERNAME_TAKEN", `The host name ${hostname} belongs to another user.`, { next: "Choose another host name." });
}

/** The old name is not served any more once the new one is declared, whether the authority gives a certificate or not. */
async function refuseWithoutCertificate(db: Queryable, { userId }: VpsRecord, hostname: string, settings: HttpSettings): Promise<void> {
  if (await hasCertificate(db, hostname)) return;
  await lockVps(db, userId);
  if (await isCertificateLeft(db, settings, userId)) return;
  const { certificates, nextCertificateAt } = await readBooks(db, userId);
  const next = nextCertificateAt ? ` until ${nextCertificateAt.toISOString()}` : "";
  throw new HttpError("STATUS_CONFLICT", `The certificates of seven days are used up${next}: ${certificates} of ${settings.certificatesPerWeek} (CERTIFICATES_PER_WEEK). ${hostname} might get none, and the VPS would not be reached; \`withoutCertificate\` renames it all the same.`);
}

function changeView({ userId: _, username: _name, before, requestedAt, begunAt, paidUntil, endedAt, ...rest }: VpsChange): z.output<typeof CHANGE> {
  const { plan, dataCenterId, templateId, hostname } = before;
  return { ...rest, before: { plan, dataCenterId, templateId, hostname }, begunAt: begunAt?.toISOString() ?? null, requestedAt: requestedAt.toISOString(), paidUntil: paidUntil?.toISOString() ?? null, endedAt: endedAt?.toISOString() ?? null };
}
