/**
 * Stand-ins, first on PATH in a root file system, for the programs that the post-install script
 * calls. Those that need the outside or a running system are replaced and leave plausible files;
 * the others are written down and then really run.
 */

import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const REPLACED = ["apt-get", "curl", "gpg", "systemctl", "ufw", "sleep"];
const PASSED_ON = ["cat", "chmod", "chown", "chpasswd", "dpkg", "id", "install", "mktemp", "mv", "rm", "useradd", "usermod", "visudo"];

export const RECORDER_PATH = "/recorders/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function installRecorders(dir: string): void {
  mkdirSync(join(dir, "recorders/bin"), { recursive: true });
  const recorder = join(dir, "recorders/recorder");
  copyFileSync(new URL("./rootfs-recorder.sh", import.meta.url), recorder);
  chmodSync(recorder, 0o755);
  for (const name of [...REPLACED, ...PASSED_ON]) symlinkSync("../recorder", join(dir, "recorders/bin", name));
}

/** The argument vectors of all calls since the last time, program first. */
export function takeCalls(dir: string): string[][] {
  const file = join(dir, "recorders/calls");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  rmSync(file, { force: true });
  return text.split("\x1e").slice(0, -1).map((call) => call.split("\x1f").slice(0, -1));
}

/** All that the replaced programs were given on standard input. */
export function recordedInput(dir: string): string {
  return readFileSync(join(dir, "recorders/stdin"), "utf8");
}

/** Makes the download of this URL fail, or bring an empty file, until `clearFaults`. */
export function breakDownload(dir: string, url: string, how: "curl-fails" | "curl-empty"): void {
  writeFileSync(join(dir, "recorders", how), `${url}\n`);
}

/** Makes the next `count` calls of apt-get fail. */
export function breakApt(dir: string, count: number): void {
  writeFileSync(join(dir, "recorders/apt-failures"), "x".repeat(count));
}

export function clearFaults(dir: string): void {
  for (const name of ["curl-fails", "curl-empty", "apt-failures"]) rmSync(join(dir, "recorders", name), { force: true });
}
