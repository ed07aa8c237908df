/** The small shell scripts that belong to an engine. */
import { ownNodeArguments } from "../../providers/core/own-node.ts";

export interface NodeLaunch {
  readonly node: string;
  /** Where Node keeps compiled code, unless the caller's environment says where; it halves the loading of the SDK. */
  readonly compileCache: string;
}

/** `node` as the language host starts it, which is for the stacks' program. */
export function nodeScript({ node, compileCache }: NodeLaunch): string {
  return `#!/bin/sh
${launch(compileCache)}exec ${ownNode(node)} "$@"
`;
}

/** A Node program of the checkout's. */
export function programScript({ node, compileCache, entry }: NodeLaunch & { readonly entry: string }): string {
  return `#!/bin/sh
${launch(compileCache)}exec ${ownNode(node)} ${quoted(entry)} "$@"
`;
}

function ownNode(node: string): string {
  return [node, ...ownNodeArguments()].map(quoted).join(" ");
}

function launch(compileCache: string): string {
  return `cache=${quoted(compileCache)}
export NODE_COMPILE_CACHE="\${NODE_COMPILE_CACHE:-$cache}"
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * `pulumi-resource-pulumi-nodejs` beside an engine of our own making, which starts the SDK's
 * dynamic provider. The folder for PATH has another one (bin-folder.ts); this serves whoever runs
 * the engine without that. Like the official one it takes the SDK that the working directory
 * resolves; unlike it, it prefers the project's own Node (the PATH's may be too old to load
 * TypeScript) and leaves no shell between engine and Node.
 */
export const DYNAMIC_PROVIDER_SCRIPT = `#!/bin/sh
node=node
if [ -x node_modules/.bin/node ]; then node=node_modules/.bin/node; fi
provider=node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js
if [ ! -f "$provider" ]; then
  provider=$("$node" -e "console.log(require.resolve('@pulumi/pulumi/cmd/dynamic-provider'))") || exit 1
fi
exec "$node" "$provider" "$@"
`;

/** The built language host itself, in the engine's folder; the script below starts it. */
export const LANGUAGE_HOST_PROGRAM = "language-host-3.68";

/**
 * `pulumi-language-nodejs` of a built engine. Its host is older than the engine and does not see
 * `runtime.options` of Pulumi.yaml, so what that file says is repeated here: without it the host
 * starts ts-node (0.3 s), and Node warns about SQLite in the output of every run.
 */
export const LANGUAGE_HOST_SCRIPT = `#!/bin/sh
folder=$(dirname "$(readlink -f "$0")")
exec "$folder/${LANGUAGE_HOST_PROGRAM}" -typescript=false -nodeargs=--disable-warning=ExperimentalWarning "$@"
`;
