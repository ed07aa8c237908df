/** Which Pulumi engine the project needs. */

/** What is fetched or built: the version of the Go module in ./cli, the newest that is served, and of the official download. */
export const ENGINE_VERSION = "3.274.1";

/** The SDK in package.json: an engine must not be older than the programs that it runs. */
export const SDK_VERSION = "3.270.0";

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly prerelease: boolean;
}

/** Reads the first version in a text, such as `v3.274.1` or `go version go1.26.8 linux/amd64`. */
export function parseVersion(text: string): Version | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?(-[0-9A-Za-z.]+)?/.exec(text);
  if (!match) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0), prerelease: match[4] !== undefined };
}

/** Whether an engine of this version can run the project: at least as new as the SDK, and below 4. */
export function isUsableEngine(text: string): boolean {
  const version = parseVersion(text);
  const needed = parseVersion(SDK_VERSION);
  if (!version || !needed || version.major !== needed.major) return false;
  const distance = version.minor - needed.minor || version.patch - needed.patch;
  return distance > 0 || (distance === 0 && !version.prerelease);
}
