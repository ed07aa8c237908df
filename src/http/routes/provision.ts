import { isIP } from "node:net";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { LARGEST_ID } from "../../config/value-schemas.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { LONGEST_SSH_PUBLIC_KEY, namesItsKind, SSH_PUBLIC_KEY_PATTERN } from "../../../providers/core/ssh-public-key.ts";
import { PLANS } from "../../../providers/hostinger/api/specification.ts";
import { parseUsername } from "../../../stacks/username.ts";
import { inTransaction } from "../../db/transaction.ts";
import { claimFromPool, entitledPlans, noteClaimedPlans } from "../../purchases/index.ts";
import { findEarlierRows, findVpsByUserId, requestVps } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { refuseIgnoredName } from "../ignored-names.ts";
import { OFFERED, offered } from "../offers.ts";
import type { OfferedKind } from "../offers.ts";
import { SignupsTold, TOLD_LATER } from "../tell-signups.ts";
import { newVpsView, readVpsView, VPS_VIEW } from "../vps-view.ts";

/** The member's own stack ends when the user's has had time to be made: people come first. */
const LET_GO_SECONDS = 15;
const PLAN_NAMES = PLANS.flatMap(({ id, itemId }) => [itemId, id]).join(", ");

/** What there is may change: checked against Hostinger's offers, see ../offers.ts. */
export const PLAN = z.string().regex(/^[\w .-]{1,100}$/, `expected a plan such as ${PLAN_NAMES}`).meta({ [OFFERED]: "plans" satisfies OfferedKind });
export const DATA_CENTER = z.int().min(1).max(LARGEST_ID).meta({ [OFFERED]: "dataCenters" satisfies OfferedKind });

const NO_ADDRESS = "expected an IPv4 or IPv6 address such as '198.51.100.7'";
/** As Node tells the other end of a connection: `::ffff:198.51.100.7` and `fe80::1%eth0` too, which zod's own patterns do not take. */
const ADDRESS = z.string(NO_ADDRESS)
  .refine((address) => isIP(address) !== 0, NO_ADDRESS)
  .meta({ anyOf: [{ type: "string", format: "ipv4" }, { type: "string", format: "ipv6" }] });

const BODY = z.strictObject({
  plan: PLAN.optional().describe("The default is the service's."),
  dataCenterId: DATA_CENTER.optional().describe("The default is the one nearest to the country of `clientAddress`."),
  clientAddress: ADDRESS.optional().describe(
    "Where the user's request came from; chooses a data center where none is named, and is kept nowhere. "
    + "The default is where this request comes from: a backend that asks for its users says it, or they are all taken for its neighbours.",
  ),
  sshPublicKey: z.string()
    .max(LONGEST_SSH_PUBLIC_KEY, `expected at most ${LONGEST_SSH_PUBLIC_KEY} characters`)
    .regex(SSH_PUBLIC_KEY_PATTERN, "expected one public key in OpenSSH format, such as 'ssh-ed25519 AAAA… name'")
    // JSON can hold half of a surrogate pair, UTF-8 cannot.
    .refine((key) => key.isWellFormed(), "expected one public key in OpenSSH format, such as 'ssh-ed25519 AAAA… name'")
    .optional().describe("May log in to the VPS."),
}).optional();

/** POST /api/vps/provision: one row in user_vps and one job, in one transaction; asked again, the same row and no job. */
export const provisionRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, pace, jobs, settings, nearestDataCenter, offers }) => {
  const told = new SignupsTold(pool, (line) => app.log.error(line));
  app.post("/provision", {
    schema: {
      tags: ["user"],
      summary: "Ask for a VPS",
      description: "One VPS a user: asked again, for whatever plan, it answers with the same one and changes nothing, so it can be repeated at will; `status` tells how that one is, also where it has `failed` or is `suspended`. One that was given up (`deprovisioned`) is made afresh; while it is `deprovisioning`, ask again afterwards.",
      body: BODY,
      response: { 202: { description: "It is recorded and being worked on, or was so before.", content: { "application/json": { schema: VPS_VIEW } } }, ...refusals(401, 403, 409, 413, 415, 422) },
    },
  }, async (request, reply) => {
    const { userId, username: claim, vpsPlans } = callerOf(request);
    const earlier = await findEarlierRows(pool, userId);
    const known = earlier.record;
    const accepted = () => reply.code(202).header("location", "/api/vps/status");
    // Before what is wished is looked at: neither what is sold nor which names are reserved is as it was when it was asked for.
    if (known && known.status !== "deprovisioned") {
      if (JSON.stringify(known.allowedPlans) !== JSON.stringify(vpsPlans)) await noteClaimedPlans(pool, userId, vpsPlans);
      request.log.info({ username: known.username, created: false }, "VPS asked for");
      return accepted().send(await readVpsView({ pool, pace }, known));
    }
    if (claim === undefined) throw new UserVpsError("USERNAME_INVALID", "The token has no claim 'username' that is a text.");
    const username = parseUsername(claim);
    const { sshPublicKey, clientAddress = request.ip, ...wish } = request.body ?? {};
    const catalog = await offers();
    const { plan, dataCenterId } = offered(catalog, wish);
    if (sshPublicKey !== undefined && !namesItsKind(sshPublicKey)) throw new UserVpsError("INPUT_INVALID", `sshPublicKey: expected a key whose encoded part is of the kind '${sshPublicKey.split(" ")[0]!.slice(0, 40)}'.`);
    const entitled = entitledPlans(vpsPlans, settings.allowedPlans);
    const { record, created, memberId } = await inTransaction(pool, async (client) => {
      const result = await requestVps(client, {
        userId,
        username,
        hostname: `${username}.${settings.domain}`,
        plan: planFor(plan, entitled, settings.defaultPlan),
        allowedPlans: vpsPlans,
        templateId: settings.defaultTemplateId,
        dataCenterChosenBy: dataCenterId === undefined ? "service" : "user",
        dataCenterId: dataCenterId ?? nearestDataCenter(clientAddress, catalog.dataCenters) ?? settings.defaultDataCenterId,
        sshPublicKey: sshPublicKey ?? null,
      }, earlier);
      if (!result.created) return { ...result, memberId: undefined };
      refuseIgnoredName(result.record.hostname, settings.sweepIgnoredNames);
      // In place of a purchase, if one is left: the nearest is that of the data center chosen above.
      const claimed = result.hasPools ? await claimFromPool(client, settings, result.record) : undefined;
      if (claimed) await jobs.enqueue(client, { operation: "destroy", userId: claimed.memberId }, { delaySeconds: LET_GO_SECONDS });
      await jobs.enqueue(client, { operation: "up", userId }, { cause: { kind: "signup", requestedBy: userId, reason: null }, isOfPool: false, isFirst: known === undefined });
      // As it is by now, so that asking again answers with the same.
      const asItIs = result.hasPools ? (await findVpsByUserId(client, userId))! : result.record;
      return { ...result, record: asItIs, memberId: claimed?.memberId };
    }, { settings: TOLD_LATER });
    if (created) told.of(userId, ...(memberId === undefined ? [] : [memberId]));
    request.log.info({ username: record.username, created }, "VPS asked for");
    return accepted().send(await (known ? readVpsView({ pool, pace }, record) : newVpsView(pace, record)));
  });
};

/** Who names no plan gets the default, or the first that the user may have. @throws UserVpsError PLAN_NOT_ALLOWED */
function planFor(wanted: string | undefined, entitled: readonly string[] | undefined, byDefault: string): string {
  if (entitled === undefined) return wanted ?? byDefault;
  const plan = wanted ?? (entitled.includes(byDefault) ? byDefault : (entitled[0] ?? byDefault));
  if (entitled.includes(plan)) return plan;
  throw new UserVpsError("PLAN_NOT_ALLOWED", `The plan ${plan} is not one that this user may have (${entitled.length > 0 ? entitled.join(", ") : "none"}).`);
}
