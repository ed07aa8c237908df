/**
 * Every environment variable of the service: the one table that settings are read by and that the
 * configuration reference is made from.
 */
import { z } from "zod";
import { downloadUrl } from "../../stacks/download-url.ts";
import { planItem } from "../../stacks/plan-item.ts";
import { USUAL } from "../../stacks/usual-values.ts";
import { acmeDirectory, acmeEmail, acmeKey, cipherKeys, color, cron, dnsServer, flag, hostname, hs256Secret, httpUrl, LARGEST_ID, names, networks, oidcIssuer, origin, origins, planItems, pools, postgresUrl, proxyHeader, roleGroups, secretsProvider, sshPrivateKey, sshPublicKey, templateId, text, token, trustedProxies, userActions, wholeNumber } from "./value-schemas.ts";
import { LOG_LEVELS, logLevel } from "./log-level.ts";
import { notificationTargets } from "./notification-targets.ts";
import { ROLES, type Role } from "./roles.ts";

export interface Variable<T> {
  /** The environment variable. */
  readonly name: string;
  readonly schema: z.ZodType<T, string>;
  readonly description: string;
  readonly example: string;
  readonly secret?: true;
  /** As text, as it would stand in the environment. */
  readonly byDefault?: string;
  /** The roles that have a use for it; all of them unless told. */
  readonly onlyFor?: readonly Role[];
  /** The roles that cannot do without it. */
  readonly requiredFor?: readonly Role[];
}

const variable = <T, V extends Omit<Variable<T>, "schema">>(schema: z.ZodType<T, string>, description: V) => ({ schema, ...description });

const onOff = z.enum(["on", "off"], "expected on or off");
const clientAuth = z.enum(["basic", "post"], "expected basic or post");
const uncertainPolicy = z.enum(["ask", "buy-again-without-evidence"], "expected ask or buy-again-without-evidence");
const EVERY_ROLE: readonly Role[] = ROLES;
const WORKERS: readonly Role[] = ["all", "worker"];
const SEVERAL: readonly Role[] = ["http", "worker"];
const A_KEY = "k1:c2l4dHktZm91ci1iaXRzLXRpbWVzLWZvdXItaXMtMzI=";

export const VARIABLES = {
  databaseUrl: variable(postgresUrl, { name: "DATABASE_URL", description: "The PostgreSQL for records and queue. Without it, a PostgreSQL of the project's own is started.", example: "postgres://user-vps:password@db.example.com/user_vps", secret: true, requiredFor: SEVERAL }),
  dataFolder: variable(text, { name: "USER_VPS_DATA_FOLDER", description: "Where the project's own PostgreSQL keeps its data.", example: "/var/lib/user-vps" }),
  stateBackendUrl: variable(postgresUrl, { name: "STATE_BACKEND_URL", onlyFor: WORKERS, description: "Where Pulumi keeps the stacks' state. The default is the database.", example: "postgres://user-vps:password@db.example.com/user_vps", secret: true }),
  passphrase: variable(text, { name: "PULUMI_CONFIG_PASSPHRASE", onlyFor: WORKERS, description: "Encrypts the secrets in the stacks' state.", example: "a-long-passphrase-kept-in-a-vault", secret: true }),
  passphraseFile: variable(text, { name: "PULUMI_CONFIG_PASSPHRASE_FILE", onlyFor: WORKERS, description: "A file with the passphrase, in place of PULUMI_CONFIG_PASSPHRASE.", example: "/run/secrets/pulumi-passphrase" }),
  secretsProvider: variable(secretsProvider, { name: "SECRETS_PROVIDER", description: "A cloud's key service that encrypts the secrets in the stacks' state, in place of a passphrase. The engine is handed its own variables as well, such as AWS_REGION or VAULT_ADDR and VAULT_TOKEN.", example: "awskms://alias/user-vps?region=eu-central-1" }),

  hostingerApiKey: variable(token, { name: "HOSTINGER_API_KEY", onlyFor: WORKERS, description: "The token of Hostinger's API.", example: "your-token-from-hPanel-Account-API", secret: true }),
  hostingerApiKeyFile: variable(text, { name: "HOSTINGER_API_KEY_FILE", onlyFor: WORKERS, description: "A file with the token, in place of HOSTINGER_API_KEY.", example: "/run/secrets/hostinger-api-key" }),
  hostingerApiBaseUrl: variable(httpUrl, { name: "HOSTINGER_API_BASE_URL", description: "Where Hostinger's API is.", example: "https://developers.hostinger.com", byDefault: "https://developers.hostinger.com" }),
  allowOtherAccount: variable(flag, { name: "ALLOW_OTHER_ACCOUNT", onlyFor: WORKERS, description: "Whether to go on with a Hostinger account that has none of the VMs that are in use by the records, because they are all lost. Otherwise the token counts as another account's: a worker does not start, and nothing is given up for gone.", example: "true", byDefault: "false" }),
  hostingerPaymentMethodId: variable(wholeNumber(1), { name: "HOSTINGER_PAYMENT_METHOD_ID", description: "What purchases are paid with. Without it, the account's default.", example: "1234567" }),
  cloudflareApiToken: variable(token, { name: "CLOUDFLARE_API_TOKEN", onlyFor: WORKERS, description: "The token of Cloudflare's API; it needs to edit the zone's DNS.", example: "your-token-with-the-permission-Zone-DNS-Edit", secret: true, requiredFor: WORKERS }),
  cloudflareZoneId: variable(text, { name: "CLOUDFLARE_ZONE_ID", description: "The zone of VPS_DOMAIN.", example: "0123456789abcdef0123456789abcdef", requiredFor: WORKERS }),
  cloudflareBaseUrl: variable(httpUrl, { name: "CLOUDFLARE_BASE_URL", description: "Where Cloudflare's API is, if not at its own address.", example: "https://api.cloudflare.com/client/v4" }),

  defaultPlan: variable(planItem, { name: "DEFAULT_VPS_PLAN", description: "The plan of a user who names none.", example: "hostingercom-vps-kvm1-usd-1m", byDefault: USUAL.plan }),
  defaultTemplateId: variable(templateId, { name: "DEFAULT_VPS_TEMPLATE", description: "The operating system template of every VPS: one of Ubuntu or Debian, which the installation is made for.", example: "1007", byDefault: String(USUAL.templateId) }),
  defaultDataCenterId: variable(wholeNumber(1, LARGEST_ID), { name: "DEFAULT_VPS_DATACENTER", description: "The data center of a user whose country is not known.", example: "9", byDefault: String(USUAL.dataCenterId) }),
  domain: variable(hostname, { name: "VPS_DOMAIN", description: "Each VPS is {username} under this domain.", example: "spoq.dev", byDefault: USUAL.domain }),
  conductorUrl: variable(downloadUrl, { name: "CONDUCTOR_URL", description: "Where a VPS downloads Conductor from.", example: "https://downloads.example.com/conductor", requiredFor: WORKERS }),
  cliUrl: variable(downloadUrl, { name: "CLI_URL", description: "Where a VPS downloads the Spoq CLI from.", example: "https://downloads.example.com/spoq", requiredFor: WORKERS }),
  sshPublicKey: variable(sshPublicKey, { name: "SSH_PUBLIC_KEY", description: "A key that may log in to each VPS whose user names none.", example: "ssh-ed25519 AAAAC3Nza… operator" }),
  sshPort: variable(wholeNumber(1, 65_535), { name: "USER_VPS_SSH_PORT", description: "The SSH port of the VPSs, for releases and new credentials; both firewalls open it.", example: "22", byDefault: String(USUAL.sshPort) }),
  sshPrivateKey: variable(sshPrivateKey, { name: "SSH_PRIVATE_KEY", onlyFor: WORKERS, description: "Logs in to the VPSs as root, for releases and new credentials. Without it, each stack's own password does.", example: "-----BEGIN OPENSSH PRIVATE KEY-----…", secret: true }),
  acmeEmail: variable(acmeEmail, { name: "ACME_EMAIL", description: "The account of the VPSs' certificates. With it, Caddy goes to a second authority (ZeroSSL) where Let's Encrypt refuses.", example: "certificates@example.com" }),
  acmeCa: variable(acmeDirectory, { name: "ACME_CA", description: "Another certificate authority for the VPSs, the only one then: its ACME directory.", example: "https://acme.zerossl.com/v2/DV90" }),
  acmeEabKeyId: variable(acmeKey, { name: "ACME_EAB_KEY_ID", description: "An account at ACME_CA (external account binding).", example: "fake-key-id" }),
  acmeEabMacKey: variable(acmeKey, { name: "ACME_EAB_MAC_KEY", onlyFor: WORKERS, description: "The key of that account.", example: "fake-mac-key", secret: true }),
  vpsFirewall: variable(flag, { name: "VPS_FIREWALL", description: "Whether Hostinger's firewall stands before every VPS: the SSH port, 80 and 443 from anywhere, all else dropped.", example: "true", byDefault: "false" }),
  vpsPtr: variable(flag, { name: "VPS_PTR", description: "Whether the reverse DNS entry of every VPS's IPv4 address leads to its host name.", example: "true", byDefault: "false" }),

  purchases: variable(onOff, { name: "PURCHASES", description: "Whether anything is bought: on or off. An operator can switch it at run time, which then counts: `user-vps purchases off`.", example: "on", byDefault: "on" }),
  allowedPlans: variable(planItems, { name: "ALLOWED_PLANS", description: "The plans that users may have whose token has no claim vps_plans, with commas between. Without it, any.", example: "kvm1,kvm2" }),
  purchasesPerDay: variable(wholeNumber(0), { name: "PURCHASES_PER_DAY", description: "How many VPSs are bought a day (UTC) at most; who comes later waits. Without it, no limit.", example: "20" }),
  spendPerMonthCents: variable(wholeNumber(0), { name: "SPEND_PER_MONTH_CENTS", description: "What purchases may cost in a month (UTC), first terms alone, in cents. Without it, no limit.", example: "50000" }),
  fleetLimit: variable(wholeNumber(0), { name: "FLEET_LIMIT", description: "How many VPSs users may have altogether. Without it, no limit.", example: "500" }),
  maxPriceCents: variable(wholeNumber(0), { name: "MAX_PRICE_CENTS", description: "What a VPS may cost in Hostinger's catalog, first term or renewal, in cents of its currency. Without it, no limit.", example: "2000" }),
  zoneRecordLimit: variable(wholeNumber(1), { name: "ZONE_RECORD_LIMIT", description: "How many records Cloudflare's plan lets the zone have: nothing is bought whose record would have no room. Without it, it is not looked at.", example: "200" }),
  certificatesPerWeek: variable(wholeNumber(0), { name: "CERTIFICATES_PER_WEEK", description: "How many first certificates the authority gives VPS_DOMAIN in seven days: nothing is bought that would get none.", example: "50", byDefault: "50" }),
  purchaseUncertainPolicy: variable(uncertainPolicy, { name: "PURCHASE_UNCERTAIN_POLICY", description: "What is done about a purchase of which nobody knows whether it was made: `ask` an operator, or `buy-again-without-evidence`, once, after the settle time.", example: "ask", byDefault: "ask" }),
  paymentProbeSeconds: variable(wholeNumber(1, 3_600), { name: "PAYMENT_PROBE_SECONDS", description: "How long after a refused payment the next one is tried; twice as long after each further one, up to an hour.", example: "300", byDefault: "300" }),
  paymentLookSeconds: variable(wholeNumber(1, 3_600), { name: "PAYMENT_LOOK_SECONDS", description: "How often at least it is looked whether an order that awaits payment has become a VPS.", example: "300", byDefault: "300" }),

  pools: variable(pools, { name: "POOLS", description: "VPSs that are kept ready for users to come (docs/pool.md): a list in JSON, each with plan, ready, and, if wanted, dataCenterId, templateId, schedule, mostPerDay. An operator's word at run time counts before it: `user-vps pool set`. Of a pool that it does not name any more nothing is given up; it is filled no more.", example: '[{"plan":"kvm1","dataCenterId":9,"ready":5,"mostPerDay":20,"schedule":["22:00-06:00 = 1"]}]' }),
  poolFailures: variable(wholeNumber(1, 1_000), { name: "POOL_FAILURES", description: "After so many members of a pool in a row that came to nothing it pauses, until an operator has looked.", example: "3", byDefault: "3" }),
  poolLeastDays: variable(wholeNumber(1, 365), { name: "POOL_LEAST_DAYS", description: "For how many days more a VPS in a pool must be paid; one nearer to the end of its term is given up and replaced. None is renewed before a user has it. A pool whose VPSs are bought for no more than a day longer pauses.", example: "3", byDefault: "3" }),

  jwtSecret: variable(hs256Secret, { name: "JWT_SECRET", description: "What users' tokens are signed with (HS256). Either this or JWT_JWKS_URL.", example: "at-least-32-random-bytes-shared-with-the-issuer", secret: true }),
  jwtJwksUrl: variable(httpUrl, { name: "JWT_JWKS_URL", description: "The public keys that users' tokens are verified with.", example: "https://auth.example.com/.well-known/jwks.json" }),
  jwtIssuer: variable(text, { name: "JWT_ISSUER", description: "If set, a token's iss must be this.", example: "https://auth.example.com/" }),
  jwtAudience: variable(text, { name: "JWT_AUDIENCE", description: "If set, a token's aud must hold this.", example: "user-vps" }),
  oidcIssuer: variable(oidcIssuer, { name: "OIDC_ISSUER", description: "The identity provider by which operators log in to the page (OpenID Connect). Needs OIDC_CLIENT_ID, OIDC_ROLES and PUBLIC_URL; the address to allow there is PUBLIC_URL with /login/oidc/callback.", example: "https://login.example.com/realms/spoq" }),
  oidcClientId: variable(text, { name: "OIDC_CLIENT_ID", description: "What the provider knows this service as.", example: "user-vps" }),
  oidcClientSecret: variable(text, { name: "OIDC_CLIENT_SECRET", description: "The client's secret there. Without it, the client is a public one: PKCE protects the login either way.", example: "fake-client-secret", secret: true }),
  oidcClientAuth: variable(clientAuth, { name: "OIDC_CLIENT_AUTH", description: "How the secret is given: basic (in a header) or post (in the body). Unless given, as the provider says that it takes it; needed where it takes both and holds this client to one.", example: "basic" }),
  oidcScopes: variable(text, { name: "OIDC_SCOPES", description: "The scopes that are asked for, with blanks between.", example: "openid email groups", byDefault: "openid email" }),
  oidcNameClaim: variable(text, { name: "OIDC_NAME_CLAIM", description: "The claim, of the ID token or else of userinfo, by which records name an operator. Unless given, the e-mail address if email_verified says so. Where that is missing, sub, the provider's own id, and the log says so of a claim that is named here. For a provider that does not send email_verified, such as Entra ID, name a claim that people cannot change themselves.", example: "preferred_username" }),
  oidcRolesClaim: variable(text, { name: "OIDC_ROLES_CLAIM", description: "The claim that names an operator's groups.", example: "groups", byDefault: "groups" }),
  oidcRoles: variable(roleGroups, { name: "OIDC_ROLES", description: "Which group has which role, with commas between: viewer, operator, releaser, owner. The highest one counts; who is in none gets no further.", example: "viewer=staff,operator=support,owner=platform" }),
  credentialsKeys: variable(cipherKeys, { name: "CREDENTIALS_KEYS", description: "Encrypt credentials until they are shown: id:key with commas between, the current one first, each key 32 bytes in base64.", example: A_KEY, secret: true, requiredFor: EVERY_ROLE }),

  credentialsShownSeconds: variable(wholeNumber(0, 86_400), { name: "CREDENTIALS_SHOWN_SECONDS", description: "For how long credentials can be shown again after the first time, until they are acknowledged: an answer may be lost. 0: they are shown once.", example: "600", byDefault: "600" }),

  userActions: variable(userActions, { name: "USER_ACTIONS", description: "What users may do with their VPS themselves, with commas between: restart, rotate-credentials, ssh-key, snapshot, restore; or none.", example: "restart,rotate-credentials,ssh-key", byDefault: "restart,rotate-credentials" }),
  userPageCodeSeconds: variable(wholeNumber(5, 600), { name: "USER_PAGE_CODE_SECONDS", description: "For how long a code is good that hands a user over to their page, once.", example: "60", byDefault: "60" }),
  userPageSessionMinutes: variable(wholeNumber(1, 1_440), { name: "USER_PAGE_SESSION_MINUTES", description: "How long a user stays signed in to their page.", example: "60", byDefault: "60" }),
  userPageSignInUrl: variable(httpUrl, { name: "USER_PAGE_SIGN_IN_URL", description: "Where a user whose session is over is handed over anew: a page of the backend.", example: "https://app.example.com/vps" }),
  userPageHelpUrl: variable(httpUrl, { name: "USER_PAGE_HELP_URL", description: "Where users find help.", example: "https://app.example.com/help" }),
  userPageFrameAncestors: variable(origins, { name: "USER_PAGE_FRAME_ANCESTORS", description: "Which sites may show the user's page in a frame of theirs: origins with commas between. Without it, none.", example: "https://app.example.com" }),
  userPageName: variable(text, { name: "USER_PAGE_NAME", description: "What the user's page calls the service.", example: "Spoq", byDefault: "Spoq" }),
  userPageLogo: variable(text, { name: "USER_PAGE_LOGO", description: "The logo of the user's page: an SVG or PNG file.", example: "/srv/user-vps/logo.svg" }),
  userPageColor: variable(color, { name: "USER_PAGE_COLOR", description: "The colour of links and buttons on the user's page, where it is light.", example: "#3153bf" }),
  userPageColorDark: variable(color, { name: "USER_PAGE_COLOR_DARK", description: "The same where it is dark.", example: "#8aa8ff" }),
  userPageTexts: variable(text, { name: "USER_PAGE_TEXTS", description: "A folder with texts of the user's page that replace its own, or add a language: de.json and so on.", example: "/srv/user-vps/texts" }),

  refuseSpareSecrets: variable(flag, { name: "REFUSE_SPARE_SECRETS", description: "Whether a process of the role http refuses to start with secrets that only workers need; otherwise it says so at its start.", example: "true", byDefault: "false" }),

  host: variable(text, { name: "HOST", description: "The address that HTTP is served at.", example: "127.0.0.1", byDefault: "127.0.0.1" }),
  port: variable(wholeNumber(0, 65_535), { name: "PORT", description: "The port that HTTP is served at; 0 takes a free one.", example: "8080", byDefault: "8080" }),
  publicUrl: variable(origin, { name: "PUBLIC_URL", description: "Where browsers and other programs reach the service: single sign-on, links that log in, and the page that a backend hands users over to. Without it, as the request says.", example: "https://vps.example.com" }),
  corsOrigins: variable(origins, { name: "CORS_ORIGINS", description: "The web sites whose scripts may use the API from a browser (CORS), with commas between. Without it, none.", example: "https://app.example.com" }),
  trustProxy: variable(trustedProxies, { name: "TRUST_PROXY", description: "Who is believed of whom a request comes from: a number of proxies, or their addresses and networks.", example: "10.0.0.0/8" }),
  trustProxyHeader: variable(proxyHeader, { name: "TRUST_PROXY_HEADER", description: "Where these proxies write it: x-forwarded-for, or forwarded. The other one is not read, for a client may have written it.", example: "forwarded", byDefault: "x-forwarded-for" }),
  metricsReaders: variable(networks, { name: "METRICS_READERS", description: "Who may read /metrics without a token: addresses and networks. Others need METRICS_TOKEN or an operator's token.", example: "127.0.0.0/8,::1,10.1.2.3", byDefault: "127.0.0.0/8,::1" }),
  metricsToken: variable(text, { name: "METRICS_TOKEN", description: "Lets whoever sends it (Authorization: Bearer …) read /metrics.", example: "a-long-random-text-shared-with-prometheus", secret: true }),
  rateLimitPerMinute: variable(wholeNumber(1), { name: "RATE_LIMIT_PER_MINUTE", description: "Requests a minute of one user, and of one address (IPv6: of one network of 64 bits) without a user.", example: "120", byDefault: "120" }),
  bodyLimitBytes: variable(wholeNumber(1_024, 1_048_576), { name: "BODY_LIMIT_BYTES", description: "The longest body of a request.", example: "16384", byDefault: "16384" }),
  logLevel: variable(logLevel, { name: "LOG_LEVEL", description: `How much is logged: ${LOG_LEVELS.join(", ")}.`, example: "info", byDefault: "info" }),

  workerConcurrency: variable(wholeNumber(1, 64), { name: "WORKER_CONCURRENCY", description: "How many users a worker works for at once.", example: "2", byDefault: "2" }),
  shutdownGraceSeconds: variable(wholeNumber(0, 86_400), { name: "SHUTDOWN_GRACE_SECONDS", description: "How long running work may take to finish after SIGTERM, before it is handed over.", example: "60", byDefault: "60" }),
  runLimitMinutes: variable(wholeNumber(1, 1_380), { name: "RUN_LIMIT_MINUTES", description: "How long one run of the engine may take, whatever it waits for; then it is ended and tried again later. At most 1380: a job lasts no longer than a day.", example: "90", byDefault: "90" }),
  runsKeptDays: variable(wholeNumber(1, 36_500), { name: "RUNS_KEPT_DAYS", description: "How long ended runs are kept, with logs and phases, and likewise resolved findings, sweeps, and the VPSs of ended roll-outs.", example: "90", byDefault: "90" }),
  auditKeptDays: variable(wholeNumber(1, 36_500), { name: "AUDIT_KEPT_DAYS", description: "How long is kept what operators have asked for.", example: "730", byDefault: "730" }),
  healthTimeoutSeconds: variable(wholeNumber(1, 86_400), { name: "HEALTH_TIMEOUT_SECONDS", description: "How long a VPS may take to answer its health check.", example: "900", byDefault: String(USUAL.healthTimeoutSeconds) }),
  deprovisionGraceHours: variable(wholeNumber(0, 8_760), { name: "DEPROVISION_GRACE_HOURS", description: "How long a VPS stays as it is after it was to be given up, and that can be cancelled. Then its data is wiped.", example: "72", byDefault: "72" }),
  reuseWipedVms: variable(flag, { name: "REUSE_WIPED_VMS", description: "Whether a VM that was given up, is wiped and still paid serves the next user of the same plan, data center and template, in place of a purchase.", example: "true", byDefault: "false" }),
  reuseLeastDays: variable(wholeNumber(0, 3_650), { name: "REUSE_LEAST_DAYS", description: "For how many days more a VM must be paid to be reused; in a pool, for POOL_LEAST_DAYS if that is more.", example: "3", byDefault: "3" }),
  sweepCron: variable(cron, { name: "SWEEP_CRON", description: "When the fleet is swept for drift by itself, as in crontab, UTC; `off`: only when asked for.", example: "*/15 * * * *", byDefault: "*/15 * * * *" }),
  sweepGraceSeconds: variable(wholeNumber(0, 86_400), { name: "SWEEP_GRACE_SECONDS", description: "For how long a sweep leaves a user alone after work on the VPS, and takes what is new for no orphan.", example: "60", byDefault: "60" }),
  sweepIgnoredNames: variable(names, { name: "SWEEP_IGNORED_NAMES", description: "Host names of VMs and DNS records that belong to no user and are no orphans, with commas between: also VMs of other domains in the same Hostinger account.", example: "status.spoq.dev,old.spoq.dev" }),
  rollOutVpsLimitSeconds: variable(wholeNumber(1, 86_400), { name: "ROLL_OUT_VPS_LIMIT_SECONDS", description: "How long one VPS may take in a roll-out; one that hangs fails then, and the roll-out goes on or stops as with any failure.", example: "1800", byDefault: "1800" }),
  repairsAtOnce: variable(wholeNumber(0, 64), { name: "REPAIRS_AT_ONCE", description: "How many users' drift is repaired by itself at a time, where that neither wipes nor buys; 0: none.", example: "2", byDefault: "0" }),

  notificationTargets: variable(notificationTargets, { name: "NOTIFICATION_TARGETS", onlyFor: WORKERS, description: "Who is told what, as a JSON list: webhooks, Slack, e-mail (docs/notifications.md).", example: '[{"name":"backend","webhook":"https://backend.example.com/hooks/vps","secret":"whsec_ZmFrZS1zZWNyZXQtb2Ytd2ViaG9va3Mh","events":["vps.*"]}]', secret: true }),
  notificationTargetsFile: variable(text, { name: "NOTIFICATION_TARGETS_FILE", onlyFor: WORKERS, description: "A file with that list, in place of NOTIFICATION_TARGETS.", example: "/run/secrets/notification-targets.json" }),
  notificationTimeoutSeconds: variable(wholeNumber(1, 300), { name: "NOTIFICATION_TIMEOUT_SECONDS", description: "How long a target may take to answer.", example: "15", byDefault: "15" }),
  notificationGroupSeconds: variable(wholeNumber(0, 3_600), { name: "NOTIFICATION_GROUP_SECONDS", description: "For how long what people read (Slack, e-mail) is gathered into one message.", example: "30", byDefault: "30" }),
  notificationGiveUpHours: variable(wholeNumber(1, 720), { name: "NOTIFICATION_GIVE_UP_HOURS", description: "For how long a message is tried again. Then it can be sent again by hand.", example: "72", byDefault: "72" }),
  notificationsKeptDays: variable(wholeNumber(1, 3_650), { name: "NOTIFICATIONS_KEPT_DAYS", description: "How long messages are kept, to be looked at and sent again.", example: "30", byDefault: "30" }),

  otlpEndpoint: variable(httpUrl, { name: "OTEL_EXPORTER_OTLP_ENDPOINT", description: "Where traces are sent, by OTLP over HTTP (docs/observability.md). Without it, there are none.", example: "http://127.0.0.1:4318" }),
  otlpTracesEndpoint: variable(httpUrl, { name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", description: "The same as a whole address, in place of OTEL_EXPORTER_OTLP_ENDPOINT with /v1/traces.", example: "http://127.0.0.1:4318/v1/traces" }),
  otlpHeaders: variable(text, { name: "OTEL_EXPORTER_OTLP_HEADERS", description: "Headers for it: name=value with commas between, percent-encoded. With them, the engine's own spans are left out.", example: "authorization=Bearer%20fake-token", secret: true }),
  otelServiceName: variable(text, { name: "OTEL_SERVICE_NAME", description: "What the service is called in traces.", example: "user-vps", byDefault: "user-vps" }),

  dnsResolver: variable(dnsServer, { name: "USER_VPS_DNS_RESOLVER", description: "The DNS server that health checks ask, in place of the system's.", example: "1.1.1.1:53" }),
  caFile: variable(text, { name: "USER_VPS_CA_FILE", description: "The authorities that health checks trust, in place of Node's own (PEM).", example: "/srv/user-vps/ca.pem" }),
  healthPort: variable(wholeNumber(1, 65_535), { name: "USER_VPS_HEALTH_PORT", description: "The port of health checks.", example: "443", byDefault: "443" }),
} as const;

/** What key services are reached with (SECRETS_PROVIDER): not the program's own variables, and workers' secrets all the same. */
export const KEY_SERVICE_SECRETS = [
  "VAULT_TOKEN", "VAULT_SERVER_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN",
] as const;
