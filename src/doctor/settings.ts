import { wordsOf } from "../../providers/core/errors.ts";
import { doubtsOfEnvironment, readSettings } from "../config/index.ts";
import type { Environment, Role } from "../config/index.ts";
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
