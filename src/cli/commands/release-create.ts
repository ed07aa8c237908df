import { UserVpsError } from "../../../providers/core/errors.ts";
import type { CliCommand } from "../command.ts";
import { answer, withService } from "../service-client/api.ts";

interface Options {
  readonly conductorUrl?: string;
  readonly conductorSha256?: string;
  readonly cliUrl?: string;
  readonly cliSha256?: string;
}

/** POST /api/admin/releases */
export const releaseCreate: CliCommand<Options> = {
  usage: "release create <version>",
  summary: "Make a release known, so that it can be rolled out",
  details: "It goes to nobody yet. What a version means never changes. At least one of the two programs, each with the checksum (SHA-256) that it is verified by.",
  options: [
    { flags: "--conductor-url <url>", description: "the Conductor that is to run" },
    { flags: "--conductor-sha256 <hex>", description: "its checksum" },
    { flags: "--cli-url <url>", description: "the CLI that is to be installed" },
    { flags: "--cli-sha256 <hex>", description: "its checksum" },
  ],
  examples: ["release create 1.4.2 --conductor-url https://downloads.example.com/conductor-1.4.2 --conductor-sha256 \"$(sha256sum conductor-1.4.2 | cut -d' ' -f1)\""],
  async run(invocation) {
    const version = invocation.args[0]!;
    const { conductorUrl, conductorSha256, cliUrl, cliSha256 } = invocation.options;
    const conductor = program("conductor", conductorUrl, conductorSha256);
    const cli = program("cli", cliUrl, cliSha256);
    invocation.progress.say(`making release ${version} known`);
    const release = await withService(invocation, (service) => answer(service.POST("/api/admin/releases", { body: { version, ...(conductor && { conductor }), ...(cli && { cli }) } })));
    return { data: release, text: `Release ${version} is known. \`user-vps release roll-out ${version} --reason …\` brings it to the VPSs.` };
  },
};

function program(name: string, url: string | undefined, sha256: string | undefined) {
  if ((url === undefined) !== (sha256 === undefined)) throw new UserVpsError("INPUT_INVALID", `--${name}-url and --${name}-sha256 go together: nothing is installed unverified.`);
  return url === undefined || sha256 === undefined ? undefined : { url, sha256 };
}
