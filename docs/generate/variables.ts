/** Every environment variable, in one shape, wherever the program has it from. */
import { ALTERNATIVES, VARIABLES, type Role, type Variable } from "../../src/config/index.ts";
import { SECONDS_VARIABLES } from "../../providers/hostinger/seconds-variables.ts";

export interface DescribedVariable {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  readonly byDefault?: string;
  readonly secret?: true;
  readonly requiredFor?: readonly Role[];
  /** Of these, exactly one is set by the roles that need one. */
  readonly alternatives?: readonly string[];
}

const ALL_ROLES: readonly Role[] = ["all", "http", "worker"];

/** Of the service, in the order of its table. */
export const SERVICE_VARIABLES: readonly DescribedVariable[] = Object.values<Variable<unknown>>(VARIABLES).map((variable) => {
  const { schema: _, ...rest } = variable;
  const group = ALTERNATIVES.find(({ variables }) => variables.includes(variable));
  if (!group) return rest;
  return { ...rest, requiredFor: ALL_ROLES.filter((role) => role !== group.notFor), alternatives: group.variables.map(({ name }) => name) };
});

/** Of the Hostinger providers, in whatever program they are used. */
export const PROVIDER_VARIABLES: readonly DescribedVariable[] = Object.values(SECONDS_VARIABLES).map(({ name, defaultSeconds, description }) => ({
  name, description, example: String(defaultSeconds), byDefault: String(defaultSeconds),
}));

/** Read where they are needed, by the commands and by the set-up of the engine. */
const READ_ELSEWHERE: readonly DescribedVariable[] = [
  { name: "USER_VPS_URL", description: "Where operators' commands reach the service. Without it, at HOST and PORT of this machine.", example: "https://vps.example.com" },
  { name: "USER_VPS_TOKEN", description: "The token of operators' commands, with the scope of a role (vps:viewer, vps:operator, vps:releaser, vps:owner). Without it, one is signed with JWT_SECRET.", example: "an operator's token", secret: true },
  { name: "NO_COLOR", description: "Set to anything, the command line puts out no colours, on a terminal either; nor does it where TERM is dumb.", example: "1" },
  { name: "TERM", description: "The terminal's own: see NO_COLOR.", example: "dumb" },
  { name: "SSH_PRIVATE_KEY", description: "Logs in to a VPS as root for a release: the stack's setting sshPrivateKey.", example: "-----BEGIN OPENSSH PRIVATE KEY-----…", secret: true },
  { name: "USER_VPS_SSH_PORT", description: "The VPS's SSH port: the stack's setting sshPort.", example: "22", byDefault: "22" },
  { name: "CLOUDFLARE_API_KEY", description: "The Cloudflare provider's own, with CLOUDFLARE_EMAIL, for a plain `pulumi up` without CLOUDFLARE_API_TOKEN: then nobody looks before a purchase whether the host name is free.", example: "a global API key", secret: true },
  { name: "CLOUDFLARE_API_USER_SERVICE_KEY", description: "Likewise.", example: "an origin CA key", secret: true },
  { name: "PULUMI_BACKEND_URL", description: "Where the Pulumi CLI keeps the stacks' state. Commands that open stacks, and doctor, look there before STATE_BACKEND_URL and DATABASE_URL; the service does not read it. A plain `pulumi` needs it as docs/runbook.md has it.", example: "postgres://user-vps@db.example.com/user_vps?sslmode=verify-full", secret: true },
  { name: "PGSSLMODE", description: "As sslmode in DATABASE_URL, STATE_BACKEND_URL and PULUMI_BACKEND_URL, where that says nothing of TLS.", example: "verify-full" },
  { name: "PULUMI_DIY_BACKEND_PARALLEL", description: "For the Pulumi CLI on PostgreSQL: 1, or it hangs where it lists more stacks than twice the CPUs. Whatever the project itself runs or writes has it.", example: "1" },
  { name: "NODE_COMPILE_CACHE", description: "Node's own: where it keeps compiled code for every process that loads the Pulumi SDK. Nobody else may be able to write there.", example: "/var/cache/user-vps/compile-cache", byDefault: "compile-cache, beside the engine" },
  { name: "PULUMI_NODEJS_PROJECT", description: "Set by the engine: tells a dynamic provider which project's settings are meant by names without a namespace.", example: "user-vps" },
  { name: "OTEL_SDK_DISABLED", description: "true: no traces, whatever else is set.", example: "true" },
  { name: "OTEL_EXPORTER_OTLP_TRACES_HEADERS", description: "In place of OTEL_EXPORTER_OTLP_HEADERS.", example: "authorization=Bearer%20fake-token", secret: true },
  { name: "OTEL_RESOURCE_ATTRIBUTES", description: "What every span tells of the process: name=value with commas between.", example: "deployment.environment=production" },
  { name: "OTEL_TRACES_SAMPLER", description: "traceidratio or parentbased_traceidratio: only a part of the traces. Without it, all.", example: "parentbased_traceidratio" },
  { name: "OTEL_TRACES_SAMPLER_ARG", description: "That part, from 0 to 1.", example: "0.1" },
  { name: "TRACEPARENT", description: "Set for the engine: the span that its work is within (W3C Trace Context).", example: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  { name: "PULUMI_DOWNLOAD_URL", description: "A mirror of https://get.pulumi.com/releases/sdk, where the engine is downloaded from.", example: "https://mirror.example.com/pulumi" },
  { name: "PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES", description: "Pulumi's own: where plugins are downloaded from.", example: ".*=https://mirror.example.com/plugins" },
  { name: "PULUMI_HOME", description: "Pulumi's own: where it keeps plugins.", example: "/var/lib/user-vps/pulumi", byDefault: "~/.pulumi" },
  { name: "XDG_CACHE_HOME", description: "The engine is kept in the folder user-vps beneath it.", example: "/var/cache", byDefault: "~/.cache" },
  { name: "XDG_STATE_HOME", description: "The session that `user-vps login` keeps is in user-vps/session.json beneath it.", example: "/srv/state", byDefault: "~/.local/state" },
  { name: "XDG_DATA_HOME", description: "The project's own PostgreSQL is kept in user-vps/postgresql beneath it, unless USER_VPS_DATA_FOLDER is set; root's is at /var/lib/user-vps/postgresql. What is tried in the sandbox has one beside it.", example: "/srv", byDefault: "~/.local/share" },
];

export const OTHER_VARIABLES: readonly DescribedVariable[] = READ_ELSEWHERE.filter(({ name }) => !SERVICE_VARIABLES.some((variable) => variable.name === name));
