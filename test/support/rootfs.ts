/**
 * Fresh Debian root file systems for tests. One is made with debootstrap, from the mirror that
 * the host's own apt uses, and kept as a tarball in the user's cache; each test unpacks its own.
 */

import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const SUITE = "bookworm";
/** sudo stands for what the script's `apt-get install`, which is only recorded, would bring. */
const INCLUDED = "sudo";
/** Used where apt knows no Debian mirror, as on Ubuntu. */
const FALLBACK_MIRROR = "https://deb.debian.org/debian";

export interface Rootfs {
  readonly dir: string;
  /** Runs a command as root inside, with these environment variables and no others. */
  run(argv: readonly string[], env: Record<string, string>, input?: string): SpawnSyncReturns<string>;
  remove(): void;
}

export function unpackRootfs(): Rootfs {
  const tarball = cachedTarball();
  const dir = mkdtempSync(join(tmpdir(), "user-vps-rootfs-"));
  must("tar", ["-xpf", tarball, "--numeric-owner", "-C", dir]);
  return {
    dir,
    run: (argv, env, input = "") => spawnSync("/usr/sbin/chroot", [dir, ...argv], { env, input, encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/**
 * Everything below the given folders: path -> type, mode, owner and content's hash. Times are
 * left out. `normalise` may change a file's content before it is hashed.
 */
export function listing(dir: string, folders: readonly string[], normalise: (path: string, content: Buffer) => Buffer | string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    const stat = lstatSync(join(dir, path));
    const content = stat.isFile() ? createHash("sha256").update(normalise(path, readFileSync(join(dir, path)))).digest("hex")
      : stat.isSymbolicLink() ? readlinkSync(join(dir, path)) : "";
    found.set(path, `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${content}`);
    if (stat.isDirectory()) for (const name of readdirSync(join(dir, path))) visit(`${path}/${name}`);
  };
  folders.forEach(visit);
  return found;
}

function cachedTarball(): string {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "user-vps");
  const tarball = join(cache, `rootfs-${SUITE}-minbase-${INCLUDED}-${process.arch}.tar.gz`);
  if (existsSync(tarball)) return tarball;

  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "user-vps-debootstrap-"));
  try {
    const root = join(work, "root");
    must("debootstrap", ["--variant=minbase", `--include=${INCLUDED}`, SUITE, root, aptMirror()], { ...process.env, ...aptTransport(work) });
    for (const unneeded of ["var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man"]) {
      rmSync(join(root, unneeded), { recursive: true, force: true });
    }
    // Renamed into place, so that a killed or a parallel run leaves no half tarball.
    const half = `${tarball}.${process.pid}`;
    must("tar", ["--use-compress-program=gzip -1", "-cpf", half, "--numeric-owner", "-C", root, "."]);
    renameSync(half, tarball);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return tarball;
}

function aptMirror(): string {
  const targets = spawnSync("apt-get", ["indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"], { encoding: "utf8" });
  const known = (targets.stdout ?? "").split("\n").map((line) => line.split(" "));
  return known.find(([, release]) => release === SUITE)?.[0] ?? FALLBACK_MIRROR;
}

/** apt's proxy and CA settings, for the wget within debootstrap. */
function aptTransport(work: string): Record<string, string> {
  const setting = (name: string): string => {
    const { stdout } = spawnSync("apt-config", ["--format", "%v%n", "dump", name], { encoding: "utf8" });
    const value = (stdout ?? "").split("\n")[0] ?? "";
    return value === "DIRECT" ? "" : value;
  };
  const env: Record<string, string> = {};
  const httpProxy = setting("Acquire::http::Proxy");
  if (httpProxy) env["http_proxy"] = httpProxy;
  const httpsProxy = setting("Acquire::https::Proxy") || httpProxy;
  if (httpsProxy) env["https_proxy"] = httpsProxy;
  const caFile = setting("Acquire::https::CAInfo");
  if (caFile) {
    env["WGETRC"] = join(work, "wgetrc");
    writeFileSync(env["WGETRC"], `ca_certificate = ${caFile}\n`);
  }
  return env;
}

function must(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): void {
  const result = spawnSync(command, args, { env, encoding: "utf8", timeout: 600_000, maxBuffer: 1 << 26 });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${command} ended with ${result.status}: ${`${result.stdout}${result.stderr}`.slice(-2000)}`);
}
