/** Which Pulumi engine the project needs. */

/** The version of the SDK in package.json, of the Go modules in ./cli and of the official download. */
export const ENGINE_VERSION = "3.250.0";

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly prerelease: boolean;
}

/** Reads the first version in a text, such as `v3.250.0` or `go version go1.26.8 linux/amd64`. */
export function parseVersion(text: string): Version | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?(-[0-9A-Za-z.]+)?/.exec(text);
  if (!match) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0), prerelease: match[4] !== undefined };
}

/** Whether an engine of this version can run the project: at least ENGINE_VERSION, and below 4. */
export function isUsableEngine(text: string): boolean {
  const version = parseVersion(text);
  const needed = parseVersion(ENGINE_VERSION);
  if (!version || !needed || version.major !== needed.major) return false;
  const distance = version.minor - needed.minor || version.patch - needed.patch;
  return distance > 0 || (distance === 0 && !version.prerelease);
}
