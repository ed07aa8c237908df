import { wordsOf } from "../../providers/core/errors.ts";
import { doubtsOfEnvironment, readSettings } from "../config/index.ts";
import type { Environment, Role, Settings } from "../config/index.ts";
import { failed, ok } from "./check.ts";
import type { Finding } from "./check.ts";

export function checkSettings(env: Environment, role: Role): Finding {
  try {
    readSettings({ env, role });
    return ok("settings", [`complete for the role '${role}'`, ...doubtsOfEnvironment()].join("\n"));
  } catch (error) {
    const { message, next } = wordsOf(error);
    return failed("settings", message, next);
  }
}

/** As `http` reads them, else as whoever works; undefined if they are not complete, which `checkSettings` tells. */
export function settingsOf(env: Environment, role: Role = "worker"): Settings | undefined {
  for (const one of role === "http" ? [role] : (["worker", "all"] as const)) {
    try {
      return readSettings({ env, role: one });
    } catch {
      // One of both may be enough.
    }
  }
  return undefined;
}
