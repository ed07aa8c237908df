import { readCommands } from "./shell-commands.ts";
import { expandWord } from "./shell-words.ts";
import type { ScriptOutcome } from "./script-outcome.ts";

/** A part of a script that announces itself: `step 4 "Conductor"`. */
interface Step {
  readonly number: number;
  readonly title: string;
  /** Whether a program is fetched in it. */
  readonly downloads: boolean;
}

const DOWNLOADING = new Set(["curl", "wget", "download", "install_program"]);
const EXIT_STATUS_OF_CURL = 22;

export interface Ending {
  readonly outcome: ScriptOutcome;
  readonly succeeds: boolean;
  /** Where it stops if it does not succeed; at the first download unless told. */
  readonly failsInStep?: number | undefined;
  readonly mayPass?: boolean | undefined;
  readonly cutOff?: boolean | undefined;
}

/** What `/post_install.log` would say; made up, and free of the script's values. */
export function scriptLog(script: string, { outcome, succeeds, failsInStep, mayPass, cutOff }: Ending): string {
  const steps = stepsOf(script);
  const last = succeeds ? undefined : (steps.find(({ number, downloads }) => (failsInStep === undefined ? downloads : number === failsInStep)) ?? steps.at(-1));
  const begun = last === undefined ? steps : steps.slice(0, steps.indexOf(last) + 1);
  const titleOf = ({ number, title }: Step) => `${number}/${steps.length}: ${title}`;
  const ending = succeeds
    ? [
        "=== Provisioning Complete ===",
        `Conductor: ${outcome.conductorStarted && outcome.conductorConfigured ? "active" : "failed"}`,
        `Caddy: ${outcome.caddyStarted && outcome.caddyConfigured ? "active" : "failed"}`,
      ]
    : cutOff ? [] : [
        `curl: (22) The requested URL returned error: ${mayPass ? 503 : 404}`,
        ...(mayPass ? ["!!! What failed may pass: it is safe to run this again"] : []),
        ...(last === undefined ? [] : [`!!! Provisioning failed in step ${titleOf(last)} (exit status ${EXIT_STATUS_OF_CURL})`]),
      ];
  return ["=== Spoq VPS Provisioning ===", "(simulated: the script was read, not run)", ...begun.map((step) => `=== step ${titleOf(step)}`), ...ending, ""].join("\n");
}

function stepsOf(script: string): Step[] {
  const steps: Step[] = [];
  for (const { words: [program = "", number = "", title = ""] } of readCommands(script)) {
    if (program === "step" && /^\d+$/.test(number)) steps.push({ number: Number(number), title: expandWord(title, new Map()), downloads: false });
    else if (DOWNLOADING.has(program) && steps.length > 0) steps.push({ ...steps.pop()!, downloads: true });
  }
  return steps;
}
