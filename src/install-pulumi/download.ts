/** Fetches the official engine and checks it against the published checksums. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EnvHttpProxyAgent, fetch, type Response } from "undici";
import { messageOf } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { ENGINE_FILES } from "./cache.ts";
import { ENGINE_SETTINGS } from "./engine-environment.ts";
import { isLoopbackHost } from "./loopback.ts";
import { run } from "./run.ts";
import { ENGINE_VERSION } from "./version.ts";

const DEFAULT_BASE_URL = "https://get.pulumi.com/releases/sdk";
const MAX_REDIRECTS = 5;
const DOWNLOAD_TIMEOUT_MS = 20 * MINUTE_MS;

export interface DownloadOptions {
  /** `PULUMI_DOWNLOAD_URL` replaces the base URL: a mirror with the same file names. */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly connectTimeoutMs?: number;
}

/** `pulumi-v3.274.1-linux-x64.tar.gz`; undefined where there is no such archive. */
export function archiveName(platform: string = process.platform, arch: string = process.arch): string | undefined {
  if (!["linux", "darwin"].includes(platform) || !["x64", "arm64"].includes(arch)) return undefined;
  return `pulumi-v${ENGINE_VERSION}-${platform}-${arch}.tar.gz`;
}

/** Fills `folder` with an engine; returns the reason if it cannot. */
export async function downloadEngine(folder: string, options: DownloadOptions): Promise<string | undefined> {
  const archive = archiveName();
  if (!archive) return `there is no archive for ${process.platform} on ${process.arch}`;
  const base = baseUrl(options.env);
  if (typeof base === "string") return base;

  const { onProgress, signal: caller } = options;
  const signal = AbortSignal.any([AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS), ...(caller ? [caller] : [])]);
  const timeout = options.connectTimeoutMs ?? 4 * SECOND_MS;
  const dispatcher = new EnvHttpProxyAgent({ connect: { timeout }, headersTimeout: 15 * SECOND_MS, bodyTimeout: 30 * SECOND_MS });
  const get = async (name: string): Promise<Response> => {
    let url = new URL(name, base);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const answer = await fetch(url, { dispatcher, signal, redirect: "manual" });
      const location = answer.headers.get("location");
      if (answer.ok) return answer;
      if (answer.status < 300 || answer.status > 399 || !location) throw new Error(`${name}: status ${answer.status}`);
      await answer.body?.cancel();
      url = new URL(location, url);
      if (!isTrusted(url)) throw new Error(`${name}: redirected to an address without https`);
    }
    throw new Error(`${name}: more than ${MAX_REDIRECTS} redirects`);
  };
  const file = join(folder, archive);
  try {
    const expected = checksumOf(archive, await (await get(`pulumi-${ENGINE_VERSION}-checksums.txt`)).text());
    if (!expected) return `the checksums at ${base.host} do not name ${archive}`;
    const actual = await save(await get(archive), file, (line) => onProgress(`downloading the Pulumi engine: ${line}`));
    if (actual !== expected) return `${archive} has the SHA-256 ${actual}, published is ${expected}`;
    const members = ENGINE_FILES.map((name) => `pulumi/${name}`);
    // As root, tar gives the files to whoever has the packer's number here, who might then rewrite them (-o: it does not).
    const unpacked = await run("tar", ["-xzof", file, "-C", folder, "--strip-components=1", ...members], { env: options.env, timeoutMs: 5 * MINUTE_MS, signal: caller });
    if (!unpacked.ok) return `${archive} cannot be unpacked: ${unpacked.reason}`;
    const answer = await run(join(folder, "pulumi"), ["version"], { env: { ...options.env, ...ENGINE_SETTINGS }, timeoutMs: 20 * SECOND_MS, signal: caller });
    if (!answer.ok || answer.stdout.trim() !== `v${ENGINE_VERSION}`) return `the downloaded engine does not run here: ${answer.reason || answer.stdout.trim()}`;
    return undefined;
  } catch (error) {
    caller?.throwIfAborted();
    return `${base.host}: ${reasonOf(error)}`;
  } finally {
    await dispatcher.destroy();
    await rm(file, { force: true });
  }
}

/** The folder to fetch from, or why the setting cannot be used; a mirror's password is not shown. */
function baseUrl(env: NodeJS.ProcessEnv): URL | string {
  const setting = env["PULUMI_DOWNLOAD_URL"] || DEFAULT_BASE_URL;
  const url = URL.canParse(setting) ? new URL(setting.replace(/\/*$/, "/")) : undefined;
  if (!url || url.username || url.password) return "PULUMI_DOWNLOAD_URL is not a URL without user and password";
  if (!isTrusted(url)) return "PULUMI_DOWNLOAD_URL must begin with https:// unless it is on loopback";
  return url;
}

function isTrusted(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
}

/** The SHA-256 of a file in a list as `sha256sum` writes it. */
export function checksumOf(name: string, list: string): string | undefined {
  for (const line of list.split("\n")) {
    const [sum, file] = line.trim().split(/\s+\*?/);
    if (file === name && sum && /^[0-9a-f]{64}$/i.test(sum)) return sum.toLowerCase();
  }
  return undefined;
}

/** Saves the body and returns its SHA-256; says every tenth of it, if the length is known. */
async function save(answer: Response, file: string, onProgress: (line: string) => void): Promise<string> {
  if (!answer.body) throw new Error("the answer is empty");
  const hash = createHash("sha256");
  const totalBytes = Number(answer.headers.get("content-length") ?? 0);
  let receivedBytes = 0;
  let saidTenths = -1;
  const watched = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      receivedBytes += chunk.byteLength;
      const tenths = totalBytes ? Math.floor((receivedBytes / totalBytes) * 10) : 0;
      if (tenths > saidTenths) onProgress(totalBytes ? `${tenths * 10} % of ${Math.ceil(totalBytes / 1e6)} MB` : "started");
      saidTenths = Math.max(tenths, saidTenths);
      yield chunk;
    }
  };
  await pipeline(Readable.fromWeb(answer.body), watched, createWriteStream(file));
  if (totalBytes && receivedBytes !== totalBytes) throw new Error(`broke off after ${receivedBytes} of ${totalBytes} bytes`);
  return hash.digest("hex");
}

/** undici says `fetch failed` and keeps what happened in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return cause instanceof Error ? cause.message || code || messageOf(error) : messageOf(error);
}
