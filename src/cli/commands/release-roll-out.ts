import { UserVpsError } from "../../../providers/core/errors.ts";
import { parseUsername } from "../../../stacks/username.ts";
import { DEFAULT_WAVES, waveSizes } from "../../releases/waves.ts";
import type { CliCommand } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { followRollOut } from "../service-client/roll-out.ts";
import { answer, withService } from "../service-client/api.ts";
import { wholeNumber } from "../argument-values.ts";

interface Options {
  readonly reason?: string;
  readonly users?: readonly string[];
  readonly waves?: readonly string[];
  readonly concurrency?: number;
  readonly maxFailures?: number;
  readonly snapshot?: true;
  readonly confirm?: string;
  readonly follow?: true;
}

const list = (text: string) => text.split(",").map((word) => word.trim());

/** POST /api/admin/roll-outs */
export const releaseRollOut: CliCommand<Options> = {
  usage: "release roll-out <version>",
  summary: "Bring a release to VPSs that are already there, in waves",
  details: "A worker of the service does it. A VPS that is not healthy with the release goes back to what it had; that is a failure. With --follow, exit code 1 if the roll-out is stopped or cancelled, and with --json one JSON document a line.",
  options: [
    { flags: "--reason <text>", description: "why; it is recorded" },
    { flags: "--users <names>", description: "only these, in this order: alice,bob (default: all that are ready)", parse: (text) => list(text).map(parseUsername) },
    { flags: "--waves <waves>", description: `numbers or shares of VPSs, the last one rest (default: ${DEFAULT_WAVES.join(",")})`, parse: list },
    { flags: "--concurrency <count>", description: "how many VPSs at once (default: 2)", parse: wholeNumber },
    { flags: "--max-failures <count>", description: "with so many no further VPS is begun (default: 1)", parse: wholeNumber },
    { flags: "--snapshot", description: "have Hostinger make a snapshot of each VM first; it replaces the snapshot that the VM has" },
    { flags: "--confirm <version>", description: "the version again, in place of typing it" },
    { flags: "--follow", description: "show how it goes until it has ended" },
  ],
  examples: ["release roll-out 1.4.2 --reason \"fixes the login\" --follow", "release roll-out 1.4.2 --reason \"try it\" --users alice,bob --snapshot --confirm 1.4.2 --json"],
  async run(invocation) {
    const version = invocation.args[0]!;
    const { progress, options } = invocation;
    const { reason, users: usernames, waves = DEFAULT_WAVES, concurrency = 2, maxFailures = 1, snapshot = false } = options;
    if (reason === undefined) throw new UserVpsError("INPUT_INVALID", "--reason is missing; it is recorded for whoever asks later.");
    progress.say("asking the service how many VPSs are ready");
    const total = usernames?.length ?? (await withService(invocation, (service) => answer(service.GET("/api/admin/numbers")))).users.ready;
    const sizes = waveSizes(total, waves);
    progress.end();
    if (total === 0) throw new UserVpsError("INPUT_INVALID", "There is no VPS that is ready, so there is nothing to release to.");
    const whom = `${count(total, "VPS")} in ${count(sizes.length, "wave")} (${sizes.join(", ")})`;
    await confirmTyped({
      what: `Release ${version} goes to ${whom}, ${concurrency} at a time; ${maxFailures === 1 ? "the first failure stops it" : `${maxFailures} failures stop it`}.${snapshot ? " Each VM's snapshot is replaced by one from before the release." : ""}`,
      expected: version, given: options.confirm, option: `--confirm ${version}`,
    });
    progress.say(`asking for the roll-out of ${version}`);
    const rollOut = await withService(invocation, (service) => answer(service.POST("/api/admin/roll-outs", { body: { version, reason, confirm: version, waves: [...waves], concurrency, maxFailures, snapshot, ...(usernames && { usernames: [...usernames] }) } })));
    const { rollOutId } = rollOut;
    if (!options.follow) return { data: rollOut, text: `The roll-out of ${version} to ${whom} is queued. \`user-vps release status ${rollOutId} --follow\` shows how it goes.` };
    progress.end();
    invocation.show({ data: { rollOut }, text: `roll-out ${rollOutId} of ${version} to ${whom}` });
    return followRollOut(invocation, rollOutId);
  },
};

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
