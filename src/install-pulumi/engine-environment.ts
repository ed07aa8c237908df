/** The environment of every engine: the service's runs, the command line's, and what `.sandbox/env` gives to people. */
import { delimiter } from "node:path";

/** An engine that is ready to run; see `ensureEngine`. */
export interface EngineOnDisk {
  readonly binDir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What every call of the CLI gets, whatever it is for. */
export const ENGINE_SETTINGS = {
  PULUMI_SKIP_UPDATE_CHECK: "true",
  // On PostgreSQL each worker of a listing holds one connection and asks for a second, of a pool of twice
  // the CPUs: with as many stacks as that, all wait for each other (pkg/v3, backend/diy/postgres/bucket.go, ListPaged).
  PULUMI_DIY_BACKEND_PARALLEL: "1",
  // Without it every call lists all stacks, to warn of a layout that this project never had (backend/diy/backend.go).
  PULUMI_DIY_BACKEND_NO_LEGACY_WARNING: "true",
  // A state is kept in one place and one form, whatever somebody has set for other projects: where the service looks for it.
  // These beat the older names SELF_MANAGED_STATE_* (sdk/v3, go/common/util/env).
  PULUMI_DIY_BACKEND_GZIP: "false",
  PULUMI_DIY_BACKEND_ZSTD: "false",
  PULUMI_DIY_BACKEND_LEGACY_LAYOUT: "false",
  // Every call writes a log into the user's own PULUMI_HOME, by default for a week and up to 500 MB (sdk/v3, go/common/env); in ours there are none.
  PULUMI_LOG_ROTATION_MAX_AGE_DAYS: "2",
  PULUMI_LOG_ROTATION_MAX_TOTAL_MB: "50",
  // A call lives for a second, and spends a third of its processor time on collecting garbage of some 50 MB:
  // it begins later (https://go.dev/doc/gc-guide), and the limit holds for what is large: stacks, and the plugins that inherit it.
  GOGC: "800",
  GOMEMLIMIT: "300MiB",
} as const;

/** `env` with the engine's variables, ENGINE_SETTINGS among them, and its folder first on PATH. */
export function engineEnvironment(engine: EngineOnDisk, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, ...engine.env, PATH: [engine.binDir, env["PATH"]].filter(Boolean).join(delimiter) };
}
