/** A stack's configuration as a dynamic provider's `configure` gets it. */
import type { dynamic } from "@pulumi/pulumi";

type Values = Record<string, unknown>;

/** By which the protocol marks a secret: `{ [SIGNATURE]: SECRET, value }`. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A key without a namespace is one of the project's. */
export function configurationOf(values: Values, project: string): dynamic.Config {
  const get = (key: string) => plainOf(values[key.includes(":") ? key : `${project}:${key}`]) as string | undefined;
  const required = (key: string) => {
    const value = get(key);
    if (value === undefined) throw new Error(`Missing required configuration key: ${key}`);
    return value;
  };
  return { get, require: required };
}

function plainOf(value: unknown): unknown {
  const isSecret = typeof value === "object" && value !== null && (value as Values)[SIGNATURE] === SECRET;
  return isSecret ? (value as Values)["value"] : value;
}
