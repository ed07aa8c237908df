/** Renders handover.sh: what is left of a pool on a VM that becomes a user's is renewed or removed. */
import { readFileSync } from "node:fs";
import { fillTemplate } from "./fill-template.ts";
import { bashWord } from "./post-install-quoting.ts";
import { checkedValue, hostnameValue } from "./script-values.ts";

export interface HandoverValues {
  /** The VM's name from now on. */
  readonly hostname: string;
  /** The platform's id of the user who gets it. */
  readonly ownerId: string;
  /** Names this hand-over: one that was done is not done again. */
  readonly order: string;
}

const TEMPLATE = readFileSync(new URL("./handover.sh", import.meta.url), "utf8");

/** It holds no secret. @throws UserVpsError SCRIPT_VALUE_UNREPRESENTABLE */
export function renderHandoverScript({ hostname, order }: HandoverValues): string {
  return fillTemplate(TEMPLATE, new Map([
    ["HANDOVER_ORDER", bashWord(checkedValue("HANDOVER_ORDER", order))],
    ["HOSTNAME", bashWord(hostnameValue("HOSTNAME", hostname))],
  ]));
}
