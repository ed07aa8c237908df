/**
 * Keeps the Pulumi SDK from loading what the stack's program does not use: TypeScript and npm's
 * dependency tree (for the serialisation of functions), the Automation API, component providers.
 * That is three quarters of the second that loading it takes. Each part is loaded when it is first
 * used. To be imported before anything that loads `@pulumi/pulumi`.
 */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Functions that runtime/index.js takes out of these files as it is loaded. */
const FUNCTIONS = {
  "runtime/closure/serializeClosure.js": ["serializeFunction", "serializeFunctionAsync"],
  "runtime/closure/codePaths.js": ["computeCodePaths"],
} as const;

/** Namespaces that index.js hands on as they are. */
const NAMESPACES = ["automation/index.js", "provider/index.js"] as const;

for (const [file, names] of Object.entries(FUNCTIONS)) {
  postpone(file, (load) => Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => load()[name]!(...args)])));
}
for (const file of NAMESPACES) {
  postpone(file, (load) => new Proxy({}, {
    get: (_, name) => (name === "__esModule" ? true : load()[name as string]),
    has: (_, name) => name in load(),
    ownKeys: () => Reflect.ownKeys(load()),
    getOwnPropertyDescriptor: (_, name) => ({ ...Object.getOwnPropertyDescriptor(load(), name), configurable: true }),
  }));
}

// The SDK's runner (cmd/run) has each stack trace translated by the SDK's source maps, and takes one
// for every resource and every promise: a fifth of the program's time. This program has no source maps.
if (process.argv[1]?.includes("@pulumi")) delete (Error as Partial<ErrorConstructor>).prepareStackTrace;

type Exports = Record<string, (...args: unknown[]) => unknown>;

/** Puts a stand-in for the file where `require` finds it; the file itself is loaded at the first call of `load`. */
function postpone(file: string, standIn: (load: () => Exports) => object): void {
  const path = require.resolve(`@pulumi/pulumi/${file}`);
  if (require.cache[path]) return;
  let loaded: Exports | undefined;
  const load = () => {
    if (loaded) return loaded;
    delete require.cache[path];
    loaded = require(path) as Exports;
    return loaded;
  };
  require.cache[path] = { id: path, path, filename: path, loaded: true, exports: standIn(load), children: [], paths: [], parent: null, require, isPreloading: false };
}
