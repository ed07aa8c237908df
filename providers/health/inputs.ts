/** The inputs of a HealthCheck as the provider gets them: validation and defaults. */
import type { dynamic } from "@pulumi/pulumi";
import { isIPv4 } from "node:net";
import { dnsServerFrom, isDnsServer } from "../core/dns-server.ts";
import { UserVpsError } from "../core/errors.ts";
import { isHostname } from "../core/hostname.ts";
import { readTrust, type HealthTarget } from "./target.ts";

export interface HealthCheckInputs {
  readonly hostname: string;
  readonly address: string;
  readonly byAddress?: boolean;
  readonly port?: number;
  readonly path?: string;
  readonly expectedStatus?: number;
  readonly timeoutSeconds?: number;
  readonly resolver?: string;
  readonly caFile?: string;
  readonly release?: string;
  readonly credentialRotation?: string;
  readonly recreation?: string;
  /** Secret; in no output and in no error's properties. */
  readonly wayIn?: WayIn;
}

/** How the VPS is asked over SSH, as root, what its first boot is at. */
export interface WayIn {
  readonly port: number;
  readonly password: string;
  readonly privateKey?: string;
  /** As in known_hosts without the name; without it, whoever answers at the address is trusted. */
  readonly hostKey?: string;
}

export const INPUT_NAMES = [
  "hostname", "address", "byAddress", "port", "path", "expectedStatus", "timeoutSeconds", "resolver", "caFile", "release", "credentialRotation", "recreation",
] as const satisfies readonly (keyof HealthCheckInputs)[];

export const DEFAULT_TIMEOUT_SECONDS = 900;
const DEFAULT_PORT = 443;
const DEFAULT_PATH = "/health";
const DEFAULT_STATUS = 200;

/** Stands for a value that is not known yet, in a preview (`rpc.unknownValue` of the SDK). */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const isIntegerBetween = (low: number, high: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;

const isText = (value: unknown) => typeof value === "string" && value !== "";

const RULES: { readonly [Name in (typeof INPUT_NAMES)[number]]: readonly [test: (value: unknown) => boolean, expected: string] } = {
  hostname: [isHostname, "a lower-case host name with a domain"],
  address: [(value) => typeof value === "string" && isIPv4(value), "an IPv4 address"],
  byAddress: [(value) => typeof value === "boolean", "true or false"],
  port: [isIntegerBetween(1, 65_535), "a port number"],
  path: [(value) => typeof value === "string" && /^\/[\x21-\x7e]*$/.test(value), "a path that begins with '/'"],
  expectedStatus: [isIntegerBetween(100, 599), "an HTTP status"],
  timeoutSeconds: [(value) => typeof value === "number" && value > 0, "a number of seconds above 0"],
  resolver: [(value) => typeof value === "string" && isDnsServer(value), "the address of a DNS server"],
  caFile: [(value) => typeof value === "string" && value !== "", "the path of a PEM file"],
  release: [isText, "what a release is called"],
  credentialRotation: [isText, "a text"],
  recreation: [isText, "a text"],
};
const REQUIRED: readonly string[] = ["hostname", "address"];

/** What cannot be used among the inputs; values that are unknown in a preview pass. */
export function validate(inputs: HealthCheckInputs): dynamic.CheckFailure[] {
  return INPUT_NAMES.flatMap((property) => {
    const value = inputs[property];
    const [isValid, expected] = RULES[property];
    const passes = value === UNKNOWN || (value === undefined || value === null ? !REQUIRED.includes(property) : isValid(value));
    return passes ? [] : [{ property, reason: `INPUT_INVALID: expected ${expected}, got ${JSON.stringify(value) ?? "nothing"}` }];
  });
}

/**
 * The target of the inputs. Where the inputs leave it open, the environment of the process decides
 * about port, DNS server and authorities; these are about the machine that the program runs on and
 * must not differ in the state.
 *
 * @throws UserVpsError CONFIG_INVALID if the CA file or a variable cannot be used
 */
export async function targetOf(inputs: HealthCheckInputs, environment: NodeJS.ProcessEnv = process.env): Promise<HealthTarget> {
  const caFile = inputs.caFile ?? environment["USER_VPS_CA_FILE"];
  return {
    hostname: inputs.hostname,
    address: inputs.address,
    ...(inputs.byAddress && { byAddress: true }),
    port: inputs.port ?? portOf(environment["USER_VPS_HEALTH_PORT"]),
    path: inputs.path ?? DEFAULT_PATH,
    expectedStatus: inputs.expectedStatus ?? DEFAULT_STATUS,
    resolver: inputs.resolver ?? dnsServerFrom(environment),
    trust: caFile ? await readTrust(caFile) : undefined,
  };
}

function portOf(variable: string | undefined): number {
  if (!variable) return DEFAULT_PORT;
  const [isPort, expected] = RULES.port;
  if (isPort(Number(variable))) return Number(variable);
  throw new UserVpsError("CONFIG_INVALID", `USER_VPS_HEALTH_PORT: expected ${expected}, got ${JSON.stringify(variable)}.`);
}
