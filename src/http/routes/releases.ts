import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { SHA256_PATTERN, VERSION_PATTERN } from "../../../stacks/release.ts";
import { createRelease } from "../../releases/create-release.ts";
import { findRelease, listReleases, type ReleaseRecord } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { goneOnFrom, pageOf, pageQuery, pageView } from "../paging.ts";

/** What is said with `meta` is checked by `createRelease`, which says more about it. */
const program = (what: string) => z.strictObject({
  url: z.string().max(2_000).describe("http(s), without user name and password."),
  sha256: z.string().max(200).meta({ pattern: SHA256_PATTERN.source }).describe("Of the file at the URL: 64 hex digits in lower case."),
}).optional().describe(`${what}; at least one of the two programs.`);

const BODY = z.strictObject({
  version: z.string().max(200).meta({ pattern: VERSION_PATTERN.source }).describe("What people call it: 1 to 64 letters, digits, '.', '_', '+' or '-'."),
  conductor: program("The Conductor that is to run"),
  cli: program("The CLI that is to be installed"),
});
const QUERY = z.strictObject(pageQuery(z.string().min(1).max(64).regex(/^[A-Za-z0-9._+-]+$/, "expected a nextCursor")));

const PROGRAM = z.object({ url: z.string(), sha256: z.string() }).nullable();
const RELEASE = z.object({
  version: z.string(),
  conductor: PROGRAM,
  cli: PROGRAM,
  createdBy: z.string().describe("An operator's user id."),
  createdAt: z.iso.datetime(),
}).meta({ id: "Release" });
const PAGE = pageOf(RELEASE, "ReleasePage");

/** /api/admin/releases: what can be brought to VPSs that are already there. */
export const releaseRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.post("/releases", {
    schema: {
      tags: ["operators"], summary: "Make a release known", body: BODY,
      description: "It goes to nobody before it is rolled out. What a version means never changes; asked for again with the same programs, it is the same release.",
      response: { 201: { description: "It is known from now on, or was so before.", content: { "application/json": { schema: RELEASE } } }, ...refusals(401, 403, 409, 413, 415, 422) },
    },
  }, async (request, reply) => {
    const { userId } = callerOf(request);
    const release = await createRelease(pool, request.body, userId);
    request.log.info({ operator: userId, version: release.version }, "release made known");
    return reply.code(201).send(releaseView(release));
  });

  app.get("/releases", {
    schema: { tags: ["operators"], summary: "Releases, newest first", querystring: QUERY, response: { 200: { description: "A page.", content: { "application/json": { schema: PAGE } } }, ...refusals(401, 403) } },
  }, async ({ query }) => pageView(await goneOnFrom(query.cursor, await listReleases(pool, query), (version) => findRelease(pool, version)), releaseView));
};

function releaseView({ version, conductor, cli, createdBy, createdAt }: ReleaseRecord): z.output<typeof RELEASE> {
  return { version, conductor: conductor ?? null, cli: cli ?? null, createdBy, createdAt: createdAt.toISOString() };
}
