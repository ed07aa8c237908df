import { randomUUID } from "node:crypto";
import rateLimitPlugin from "@fastify/rate-limit";
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { Pool } from "pg";
import { SECOND_MS } from "../../providers/core/time.ts";
import { fleetPace } from "../records/fleet-pace.ts";
import type { CredentialsCipher } from "../records/credentials-cipher.ts";
import { answerBrokenRequest, answerErrors, sendError } from "./answer-errors.ts";
import { createAuthenticator } from "./authenticate.ts";
import { identify, limitRate, requireCaller, requireRole } from "./caller.ts";
import { cachedQueries } from "./cached-queries.ts";
import { ChangeFeed } from "./change-feed.ts";
import type { HttpContext, HttpSettings } from "./context.ts";
import { allowOrigins } from "./cors.ts";
import { normaliseForwarded } from "./forwarded.ts";
import { HttpError } from "./http-error.ts";
import type { Jobs } from "../jobs/job.ts";
import type { AskBootLog } from "../jobs/boot-log.ts";
import type { AskDoctor } from "../doctor/index.ts";
import type { AskVmActions } from "../jobs/vm-actions.ts";
import { addNotificationMetrics } from "../notifications/metrics.ts";
import { addPurchaseMetrics } from "../purchases/metrics.ts";
import { addPoolMetrics } from "../pool/metrics.ts";
import { addDriftMetrics } from "../drift/metrics.ts";
import type { DriftRequests } from "../drift/queues.ts";
import type { RollOutJobs } from "../releases/queue.ts";
import { createMetrics, measureAnswers } from "./metrics.ts";
import { createNearestDataCenter } from "./nearest-data-center.ts";
import { keptOffers } from "./offers.ts";
import { describeRoutes } from "./openapi.ts";
import { parseJson } from "./parse-json.ts";
import { MonotonicStore } from "./rate-limit.ts";
import { recordActions } from "./record-actions.ts";
import { refuseOtherMethods } from "./refuse-methods.ts";
import { refuseUnknownQueries } from "./refuse-unknown-queries.ts";
import { traceRequests } from "./trace-requests.ts";
import { unusedConnections } from "./unused-connections.ts";
import { adminActionRoutes } from "./routes/admin-actions.ts";
import { adminChangeRoutes } from "./routes/admin-changes.ts";
import { adminRunRoutes } from "./routes/admin-runs.ts";
import { adminVpsRoutes } from "./routes/admin-vps.ts";
import { auditRoute } from "./routes/audit.ts";
import { credentialsRoute } from "./routes/credentials.ts";
import { doctorRoute } from "./routes/doctor.ts";
import { driftRoutes } from "./routes/drift.ts";
import { eventsRoute } from "./routes/events.ts";
import { givenUpVmRoutes } from "./routes/given-up-vms.ts";
import { healthRoutes } from "./routes/health.ts";
import { loginLinkRoute } from "./routes/login-links.ts";
import { meEmbedRoute, mePageRoutes } from "./routes/me-pages.ts";
import { acceptUserSession, handOverRoute, meSessionRoutes } from "./routes/me-session.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { notificationRoutes } from "./routes/notifications.ts";
import { provisionRoute } from "./routes/provision.ts";
import { poolRoutes } from "./routes/pools.ts";
import { purchaseRoutes } from "./routes/purchases.ts";
import { resolveRoute } from "./routes/resolve.ts";
import { releaseRoutes } from "./routes/releases.ts";
import { retryRoutes } from "./routes/retry.ts";
import { rollOutRoutes } from "./routes/roll-outs.ts";
import { selfServiceRoutes } from "./routes/self-service.ts";
import { snapshotRoute } from "./routes/snapshot.ts";
import { suspendRoutes } from "./routes/suspend.ts";
import { statusRoute } from "./routes/status.ts";
import { vmActionsRoute } from "./routes/vm-actions.ts";
import { acceptSession, webOperatorRoutes, webRoutes } from "./routes/web.ts";

/** How long requests may take to finish when the server closes. */
const CLOSE_LIMIT_MS = 5 * SECOND_MS;
/** However often metrics are asked for, the database is asked no more often. */
const METRICS_KEPT_MS = 2 * SECOND_MS;

export interface AppOptions {
  /** Migrated. The app does not end it. */
  readonly pool: Pool;
  /** Of the same database, for a connection of its own that listens for changes. */
  readonly databaseUrl: string;
  readonly jobs: Jobs;
  readonly drift: DriftRequests;
  readonly vmActions: AskVmActions;
  readonly bootLog: AskBootLog;
  readonly doctor: AskDoctor;
  readonly rollOuts: RollOutJobs;
  readonly cipher: CredentialsCipher;
  readonly settings: HttpSettings;
  /** `createLogger`'s; without one, nothing is logged. */
  readonly logger?: FastifyBaseLogger;
}

/**
 * The HTTP side, ready for `listen` or `inject`. `close` ends open streams, lets running requests
 * finish, and stops listening for changes; the pool is the caller's to end afterwards.
 */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { app, feed } = await assembleApp(options);
  try {
    await app.ready();
    await feed.start();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

/** All of it, with nothing begun: neither is the database asked, nor are changes listened for. */
export async function assembleApp({ pool, databaseUrl, jobs, drift, vmActions, bootLog, doctor, rollOuts, cipher, settings, logger }: AppOptions): Promise<{ readonly app: FastifyInstance; readonly feed: ChangeFeed }> {
  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    trustProxy: trustedProxies(settings.trustProxy),
    bodyLimit: settings.bodyLimitBytes,
    requestTimeout: 30 * SECOND_MS,
    genReqId: () => randomUUID(),
    // The first that a request meets, before anything asks for its address.
    rewriteUrl: ({ headers, url }) => {
      if (settings.trustProxy) normaliseForwarded({ headers }, settings.trustProxyHeader);
      return url!;
    },
    forceCloseConnections: "idle",
    // Node's own refusal would be empty; see the first hook.
    http: { requireHostHeader: false },
    // Its own 503 would not have the one shape; a hook below answers it.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, app.log),
    frameworkErrors: (error, request, reply) => void sendError(new HttpError("REQUEST_INVALID", error.message), request, reply),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("caller", undefined);
  answerErrors(app);
  parseJson(app);

  const closing = new AbortController();
  const feed = new ChangeFeed(databaseUrl);
  const endUnused = unusedConnections(app.server);
  app.addHook("preClose", async () => {
    closing.abort();
    endUnused();
    setTimeout(() => app.server.closeAllConnections(), CLOSE_LIMIT_MS).unref();
  });
  app.addHook("onClose", async () => feed.close());
  // RFC 9110 lets what is expected beside `100-continue` go; Node's own refusal would be empty.
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ "x-request-id": request.id, "x-content-type-options": "nosniff" });
    if (request.headers.host === undefined && request.raw.httpVersion === "1.1") throw new HttpError("REQUEST_INVALID", "expected the header Host, got none.");
  });

  // Otherwise a connection that becomes idle only now would hold the closing up until it times out.
  app.addHook("onSend", async (_request, reply) => {
    if (closing.signal.aborted) reply.header("connection", "close");
  });

  const onMetricsProblem = (error: unknown) => app.log.warn({ err: error }, "metrics of the database are missing");
  const cached = cachedQueries(pool, METRICS_KEPT_MS);
  const registry = createMetrics(cached, onMetricsProblem);
  addDriftMetrics(registry, cached, onMetricsProblem);
  addPurchaseMetrics(registry, cached, settings.purchases, onMetricsProblem);
  addPoolMetrics(registry, cached, onMetricsProblem);
  addNotificationMetrics(registry, cached, onMetricsProblem);
  measureAnswers(app, registry);
  traceRequests(app);
  await app.register(rateLimitPlugin, { global: false, store: MonotonicStore });
  await allowOrigins(app, settings.corsOrigins);
  // After CORS, without which a browser would not let its script read why.
  app.addHook("onRequest", async () => {
    if (closing.signal.aborted) throw new HttpError("SHUTTING_DOWN", "This process is going.", { headers: { connection: "close", "retry-after": "1" } });
  });
  const offers = keptOffers(pool);
  await describeRoutes(app, { offers, publicUrl: settings.publicUrl });
  const addRefusals = refuseOtherMethods(app);
  refuseUnknownQueries(app);

  const context: HttpContext = {
    pool, jobs, drift, vmActions, bootLog, doctor, rollOuts, settings, feed, cipher,
    nearestDataCenter: createNearestDataCenter(),
    authenticate: createAuthenticator(settings, (error) => app.log.warn({ err: error }, "the keys that tokens are verified with cannot be fetched; those that are known serve on")),
    offers,
    pace: fleetPace(pool),
    closing: closing.signal,
  };
  await app.register(healthRoutes, context);
  await app.register(metricsRoute, { ...context, registry });
  await app.register(webRoutes, context);
  for (const routes of [mePageRoutes, meEmbedRoute, meSessionRoutes]) await app.register(routes, context);
  await app.register(async (signedIn) => {
    signedIn.addHook("onRequest", acceptSession(context));
    signedIn.addHook("onRequest", acceptUserSession(context));
    signedIn.addHook("onRequest", identify(context.authenticate));
    signedIn.addHook("onRequest", limitRate(app, settings.rateLimitPerMinute));
    signedIn.addHook("onRequest", requireCaller);
    signedIn.addHook("onRequest", requireRole);
    signedIn.addHook("onSend", async (_request, reply) => void reply.header("cache-control", "no-store"));
    for (const routes of [provisionRoute, statusRoute, eventsRoute, credentialsRoute, selfServiceRoutes, handOverRoute]) await signedIn.register(routes, { ...context, prefix: "/api/vps" });
    await signedIn.register(async (operators) => {
      recordActions(operators, pool);
      for (const routes of [adminVpsRoutes, adminRunRoutes, auditRoute, doctorRoute, purchaseRoutes, poolRoutes, notificationRoutes, driftRoutes, givenUpVmRoutes, releaseRoutes, retryRoutes, suspendRoutes, rollOutRoutes, vmActionsRoute, snapshotRoute, webOperatorRoutes, loginLinkRoute]) await operators.register(routes, context);
      for (const routes of [adminActionRoutes, adminChangeRoutes, resolveRoute]) await operators.register(routes, { ...context, prefix: "/vps/:username" });
    }, { prefix: "/api/admin" });
  });
  addRefusals();
  return { app, feed };
}

/** Of fastify's ways to say it, the function is the one for a number of hops: hop 0 is the connection itself. */
function trustedProxies(setting: HttpSettings["trustProxy"]): false | string[] | ((address: string, hop: number) => boolean) {
  return typeof setting === "number" ? (_address, hop) => hop < setting : (setting ?? false);
}
