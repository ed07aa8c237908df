/** What some tests need of the machine. Where it is missing they are left out, and the last lines of a run say so. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

export const CHROMIUM = "/usr/bin/chromium";

/** A reason why it is not there, with the way to get it; undefined where it is. In CI all has to be there. */
export const NEEDS = {
  browser: () => (existsSync(CHROMIUM) ? undefined : `the pages in a browser: there is no ${CHROMIUM}; on Debian: apt-get install chromium`),
  shells() {
    const lacking = ["zsh", "fish"].filter((shell) => spawnSync(shell, ["--version"]).error);
    return lacking.length > 0 ? `completion in other shells: there is no ${lacking.join(" and no ")}; on Debian: apt-get install ${lacking.join(" ")}` : undefined;
  },
  rootfs() {
    if (process.getuid?.() !== 0) return "scripts in a root file system of their own: chroot needs root; run the tests as root";
    return spawnSync("debootstrap", ["--version"]).error ? "scripts in a root file system of their own: there is no debootstrap; on Debian: apt-get install debootstrap" : undefined;
  },
} satisfies Record<string, () => string | undefined>;

/** Options for a `describe`: its tests are left out where the machine lacks what they need. */
export function needing(need: keyof typeof NEEDS): { skip: boolean } {
  const lack = NEEDS[need]();
  if (lack !== undefined && process.env["CI"]) throw new Error(`CI has to have what all tests need: ${lack}`);
  return { skip: lack !== undefined };
}
