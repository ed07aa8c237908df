import { createPool } from "../db/index.ts";

export interface StackNames {
  list(): Promise<Set<string>>;
  has(name: string): Promise<boolean>;
  close(): Promise<void>;
}

const UNDEFINED_TABLE = "42P01";

/** The names of the project's stacks in Pulumi's state on PostgreSQL; its layout is told in ../provisioning/state-backend.ts. */
export function stackNames(backendUrl: string, project: string): StackNames {
  const url = new URL(backendUrl);
  const table = (url.searchParams.get("table") ?? "pulumi_state").split(".").map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
  url.searchParams.delete("table");
  const folder = `${decodeURIComponent(url.pathname).replace(/^\//, "")}/.pulumi/stacks/${project}/`;
  const pool = createPool({ url: url.href, name: "user-vps state", max: 1, allowExitOnIdle: true });
  return {
    async list() {
      const rows = await orNone(pool.query<{ name: string }>(`SELECT substr(key, length($1) + 1, length(key) - length($1) - length('.json')) AS name FROM ${table} WHERE starts_with(key, $1) AND key LIKE '%.json'`, [folder]));
      return new Set(rows.map(({ name }) => name));
    },
    async has(name) {
      return (await orNone(pool.query(`SELECT FROM ${table} WHERE key = $1`, [`${folder}${name}.json`]))).length > 0;
    },
    close: () => pool.end(),
  };
}

/** The engine makes the table when it is first used. */
async function orNone<Row extends object>(answer: Promise<{ rows: Row[] }>): Promise<Row[]> {
  try {
    return (await answer).rows;
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return [];
    throw error;
  }
}
