import { parseVersion } from "../install-pulumi/version.ts";
import { failed, ok } from "./check.ts";
import type { Finding } from "./check.ts";

/** `engines` in package.json: from here on Node runs TypeScript as it is. */
const OLDEST = { major: 22, minor: 18 };

export function checkNode(version: string = process.version): Finding {
  const { major = 0, minor = 0 } = parseVersion(version) ?? {};
  const isNewEnough = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
  if (isNewEnough) return ok("node", `Node ${version}`);
  return failed("node", `Node ${version}, needed is ${OLDEST.major}.${OLDEST.minor} or newer`, "Run `npm ci`, which brings Node 24, and start by `npx user-vps` or `npm start`.");
}
