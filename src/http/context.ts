import type { Pool } from "pg";
import type { Settings } from "../config/settings.ts";
import type { FleetPace } from "../records/fleet-pace.ts";
import type { CredentialsCipher } from "../records/credentials-cipher.ts";
import type { Authenticate, Caller } from "./authenticate.ts";
import type { NearestDataCenter } from "./nearest-data-center.ts";
import type { ReadOffers } from "./offers.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { DriftRequests } from "../drift/queues.ts";
import type { Jobs } from "../jobs/job.ts";
import type { AskBootLog } from "../jobs/boot-log.ts";
import type { AskDoctor } from "../doctor/index.ts";
import type { AskVmActions } from "../jobs/vm-actions.ts";
import type { RollOutJobs } from "../releases/queue.ts";

export type HttpSettings = Pick<Settings,
  "domain" | "publicUrl" | "corsOrigins" | "oidcIssuer" | "oidcClientId" | "oidcClientSecret" | "oidcClientAuth"
  | "oidcScopes" | "oidcNameClaim" | "oidcRolesClaim" | "oidcRoles" | "defaultPlan" | "defaultTemplateId"
  | "defaultDataCenterId" | "jwtSecret" | "jwtJwksUrl" | "jwtIssuer" | "jwtAudience" | "trustProxy" | "trustProxyHeader"
  | "metricsReaders" | "metricsToken" | "rateLimitPerMinute" | "bodyLimitBytes" | "deprovisionGraceHours"
  | "sweepIgnoredNames" | "credentialsShownSeconds" | "sshPort"
  | "userActions" | "userPageCodeSeconds" | "userPageSessionMinutes" | "userPageSignInUrl" | "userPageHelpUrl"
  | "userPageFrameAncestors" | "userPageName" | "userPageLogo" | "userPageColor" | "userPageColorDark"
  | "userPageTexts"
  | "purchases" | "allowedPlans" | "purchasesPerDay" | "spendPerMonthCents" | "fleetLimit" | "maxPriceCents"
  | "zoneRecordLimit" | "certificatesPerWeek">;

/** What the routes work with. */
export interface HttpContext {
  readonly pool: Pool;
  readonly jobs: Jobs;
  readonly drift: DriftRequests;
  readonly vmActions: AskVmActions;
  readonly bootLog: AskBootLog;
  readonly doctor: AskDoctor;
  readonly rollOuts: RollOutJobs;
  readonly settings: HttpSettings;
  readonly cipher: CredentialsCipher;
  readonly feed: ChangeFeed;
  /** What everybody's place and time is told from. */
  readonly pace: FleetPace;
  /** From the address of a client to the id of a data center; undefined if its country is not known. */
  readonly nearestDataCenter: NearestDataCenter;
  /** What Hostinger offers. */
  readonly offers: ReadOffers;
  /** From the header `Authorization` to the caller: one for all, who so know the same keys. */
  readonly authenticate: Authenticate;
  /** Aborted when the server closes: open streams end. */
  readonly closing: AbortSignal;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who has signed in; only routes behind `requireCaller` have one. */
    caller: Caller | undefined;
  }
}
