import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { inTransaction } from "../../db/transaction.ts";
import { decide, decideInTurn, DECISIONS, findOpenPurchase } from "../../purchases/index.ts";
import type { PurchaseState } from "../../purchases/index.ts";
import { isOrWasVmOfAnother, openGiveUp, setVpsStatus } from "../../records/index.ts";
import type { VpsStatus } from "../../records/index.ts";
import { REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { lockUser, statusConflict, USERNAME_PARAMS } from "../operated-user.ts";
import { ADMIN_VPS_VIEW, adminVpsView } from "../vps-view.ts";

const BODY = z.strictObject({
  decision: z.enum(DECISIONS).describe("`vm`: it has become this VM. `buy-again`: nothing was bought; the user buys in turn. `give-up`: it is not looked for any more."),
  vmId: z.int().positive().optional().describe("With `vm`, and with that alone."),
  reason: REASON,
// As the route below checks it.
}).meta({ oneOf: [{ properties: { decision: { const: "vm" } }, required: ["decision", "vmId"] }, { properties: { decision: { enum: DECISIONS.filter((kind) => kind !== "vm") }, vmId: false }, required: ["decision"] }] });

/** Purchases that a person can know more about than the service, with the statuses of their users: one who is ready had wanted another VM, and kept the old one. */
const DECIDABLE: Readonly<Partial<Record<PurchaseState, readonly VpsStatus[]>>> = { uncertain: ["failed", "ready"], awaiting_payment: ["queued", "failed", "ready"] };

/** POST /api/admin/vps/{username}/resolve: an operator decides about a purchase in doubt, or one whose payment does not come; a worker writes it into the Hostinger account and goes on. */
export const resolveRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs }) => {
  app.post("/resolve", {
    schema: {
      tags: ["operators"],
      summary: "Decide about a purchase in doubt",
      description: "Only while nobody knows whether it was made (PURCHASE_UNCERTAIN), or while its payment is under way (AWAITING_PAYMENT). While the user is given up, `give-up` ends the wait for what was ordered. Look into the orders in the Hostinger panel first: `buy-again` buys.",
      params: USERNAME_PARAMS,
      body: BODY,
      response: { 202: { description: "It is recorded and queued.", content: { "application/json": { schema: ADMIN_VPS_VIEW } } }, ...refusals(401, 403, 404, 409, 413, 415) },
    },
  }, async (request, reply) => {
    const { decision: kind, vmId, reason: why } = request.body;
    if ((kind === "vm") !== (vmId !== undefined)) throw new HttpError("REQUEST_INVALID", "expected vmId with the decision 'vm', and with that alone.", { details: [{ path: "body.vmId", message: "expected with the decision 'vm', and with that alone" }] });
    const record = await inTransaction(pool, async (db) => {
      const user = await lockUser(db, request.params.username);
      const purchase = await findOpenPurchase(db, user.userId);
      const fitting = purchase && DECIDABLE[purchase.state];
      if (!fitting) throw new HttpError("STATUS_CONFLICT", `No purchase of '${user.username}' is in doubt, or awaits its payment.`);
      const giveUp = await openGiveUp(db, user.userId);
      if (giveUp && kind !== "give-up") throw new HttpError("STATUS_CONFLICT", `'${user.username}' is being given up, and whatever was bought with it: nothing is left to say but that nothing comes of the purchase (give-up).`);
      if (kind === "vm" && user.status === "ready") throw new HttpError("STATUS_CONFLICT", `'${user.username}' has a VPS, and no run looks for another VM: give the purchase up. A VM that it has become is a finding of the next sweep.`);
      await decideInTurn(db);
      if (vmId !== undefined && (await isOrWasVmOfAnother(db, user.userId, vmId))) throw new HttpError("STATUS_CONFLICT", `VM ${vmId} is another user's, or named for one, or holds another user's data.`);
      const isUnderWay = giveUp !== undefined && user.status === "deprovisioning";
      const changed = isUnderWay ? user : await setVpsStatus(db, user.userId, giveUp ? { status: "deprovisioning" } : { status: "queued", phase: "queued" }, fitting);
      if (!changed) throw statusConflict(user, "To decide about a purchase", fitting);
      const isDecided = await decide(db, user.userId, { kind, vmId: vmId ?? null, by: callerOf(request).userId, why });
      if (!isDecided) throw new HttpError("STATUS_CONFLICT", `What came of the purchase of '${user.username}' has just shown.`);
      // Within the grace period, a job waits for its end.
      if (!isUnderWay || giveUp.startedAt !== null) await jobs.enqueue(db, { operation: giveUp ? "destroy" : "up", userId: user.userId }, { cause: { kind: "decision", requestedBy: callerOf(request).userId, reason: why } });
      return changed;
    });
    request.log.info({ operator: callerOf(request).userId, username: record.username, decision: kind, vmId }, "purchase in doubt decided");
    return reply.code(202).send(adminVpsView(record));
  });
};
