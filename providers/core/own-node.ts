/**
 * How a Node is started that runs a program of this package. Node strips the types of a checkout's files by itself, but
 * not below `node_modules`, where an installed package is (exports/strip-types.js). Whoever starts one hands it over
 * anew: an environment that a process inherits may have been cut, as a watchdog's is, or be somebody else's.
 */
const PACKAGE = new URL("../../", import.meta.url);

/** Else it may say with each start that something that is used here is experimental. */
const QUIET = "--disable-warning=ExperimentalWarning";

const STRIPS_TYPES: readonly string[] = PACKAGE.pathname.includes("/node_modules/") ? [`--import=${new URL("exports/strip-types.js", PACKAGE).href}`] : [];

/** What goes before the program's file. */
export function ownNodeArguments(): string[] {
  return [QUIET, ...STRIPS_TYPES];
}
