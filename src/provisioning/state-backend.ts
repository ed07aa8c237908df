import type { Pool } from "pg";
import { UserVpsError } from "../../providers/core/errors.ts";
import { postgresAddress } from "../config/postgres-address.ts";
import { createPool } from "../db/index.ts";
import { blobOf, contentOf, STATE_ENDING, STATE_ENDINGS, type Blob } from "./state-blob.ts";

/** A stack as its state backend has it, as far as it matters before a run. */
export interface StackState {
  /** How secrets are encrypted, as it stands in Pulumi.<stack>.yaml. */
  readonly secretsSettings: Readonly<{ encryptionSalt?: string; secretsProvider?: string; encryptedKey?: string }>;
  readonly resources: readonly StateResource[];
  readonly pendingOperations: readonly { readonly type: string; readonly resource: StateResource }[];
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Replaced, and still to be deleted. */
  readonly delete?: boolean;
}

/** A lock as the engine writes it (`lockContent` in pulumi/pkg/backend/diy/lock.go). */
export interface StateLock {
  readonly key: string;
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly atMs: number;
}

/**
 * Looks into Pulumi's state on PostgreSQL (pulumi/pkg/backend/diy/postgres): a table of blobs whose
 * keys are the database's name and the path that a file would have. Reading a row takes a
 * millisecond, `pulumi stack export` 250. Everything is written by the engine alone, but for the
 * layout's number where there is nothing yet, for an empty stack, and for a lock that is known to be stale: it is removed
 * by its very key, where `pulumi cancel` would remove all locks of the stack, somebody's fresh one included.
 */
export class StateBackend {
  readonly #pool: Pool;
  readonly #table: string;
  readonly #index: string;
  readonly #root: string;
  readonly #project: string;

  constructor(url: string, project: string) {
    const { url: address, database, parameters: { table = "pulumi_state" } } = postgresAddress(url);
    address.searchParams.delete("table");
    this.#index = `"${table.split(".").at(-1)}_key_prefix_idx"`;
    this.#table = table.split(".").map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
    this.#root = `${database}/.pulumi`;
    this.#project = project;
    this.#pool = createPool({ url: address.href, name: "user-vps state", max: 4, allowExitOnIdle: true });
  }

  /**
   * For a worker: all that stacks need. Nothing is written under the database's name before it is certain that the
   * states are kept under no other.
   *
   * @throws UserVpsError CONFIG_INVALID
   */
  async open(): Promise<void> {
    await this.prepare();
    await this.refuseOtherName();
    await this.#tellLayout();
  }

  /**
   * Makes the table as the engine does when it first meets the database, but one worker at a time:
   * PostgreSQL's CREATE TABLE IF NOT EXISTS fails in one of two engines that start at once.
   */
  async prepare(): Promise<void> {
    await this.#pool.query(`
      BEGIN;
      SELECT pg_advisory_xact_lock(hashtextextended('user-vps:pulumi-state', 0));
      CREATE TABLE IF NOT EXISTS ${this.#table} (key TEXT PRIMARY KEY, data JSON NOT NULL, updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now());
      CREATE INDEX IF NOT EXISTS ${this.#index} ON ${this.#table} (key text_pattern_ops);
      COMMIT;`);
    await this.#keepAsItIs();
  }

  /**
   * Writes down which layout is used, as the engine does where there is nothing yet (pulumi/pkg/backend/diy/meta.go): the
   * first stack can then be made without it. Where there is something, it may have the layout from before Pulumi 3.61:
   * that is left to the engine.
   */
  async #tellLayout(): Promise<void> {
    const folder = `${this.#root}/`;
    await this.#pool.query(
      `INSERT INTO ${this.#table} (key, data) SELECT $3, $4 WHERE NOT EXISTS (SELECT FROM ${this.#table} WHERE ${below(1, 2)}) ON CONFLICT DO NOTHING`,
      [folder, endOf(folder), this.#layoutKey, blobOf("version: 1\n")],
    );
  }

  /**
   * A state is base64 in JSON, which PostgreSQL compresses in vain: two of three milliseconds of each of some
   * thirty writes of an `up`. Only a wish: who may not alter the table, or would have to wait for a backup of it, goes without.
   */
  async #keepAsItIs(): Promise<void> {
    const { rows: [column] } = await this.#pool.query<{ isCompressed: boolean }>(`SELECT attstorage = 'x' AS "isCompressed" FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'data'`, [this.#table]);
    if (!column?.isCompressed) return;
    await this.#pool.query(`SET lock_timeout = '2s'; ALTER TABLE ${this.#table} ALTER COLUMN data SET STORAGE EXTERNAL; RESET lock_timeout`).catch(() => undefined);
  }

  /**
   * The engine's keys begin with the name of the database. In one that was renamed, or restored under
   * another name, it finds no stack, and would make all of them anew.
   *
   * @throws UserVpsError CONFIG_INVALID if all the stacks that are there belong to another name
   */
  async refuseOtherName(): Promise<void> {
    const name = this.#root.replace(/\/\.pulumi$/, "");
    const folder = this.#folder;
    const { rows: own } = await this.#pool.query(`SELECT FROM ${this.#table} WHERE ${below(1, 2)} LIMIT 1`, [folder, endOf(folder)]);
    if (own.length > 0) return;
    const { rows: others } = await this.#pool.query<{ name: string; stacks: number }>(
      `SELECT split_part(key, '/.pulumi/', 1) AS name, count(*)::int AS stacks FROM ${this.#table} WHERE key LIKE '%/.pulumi/stacks/' || $1 || '/%' AND key ~ '${STATE_ENDING}' GROUP BY 1 ORDER BY 2 DESC`, [this.#project],
    );
    const [other] = others;
    if (!other) return;
    throw new UserVpsError("CONFIG_INVALID", `The state of ${other.stacks} stacks is kept under the name of the database '${other.name}', but this one is called '${name}': the engine would find none of them.`, {
      next: `If this database was renamed or restored under another name: UPDATE pulumi_state SET key = '${name}' || substr(key, ${other.name.length + 1}) WHERE key LIKE '${other.name}/.pulumi/%'. Else set STATE_BACKEND_URL to the database that has the state. See docs/runbook.md.`,
    });
  }

  /** Of the project, under the name that the database has now; undefined before an engine has met the database. */
  async countStacks(): Promise<number | undefined> {
    const { rows: [table] } = await this.#pool.query<{ isThere: boolean }>(`SELECT to_regclass($1) IS NOT NULL AS "isThere"`, [this.#table]);
    return table?.isThere ? (await this.listStacks()).size : undefined;
  }

  /** The names of the project's stacks; none before an engine has met the database. */
  async listStacks(): Promise<Set<string>> {
    const rows = await this.#orNone<{ name: string }>(`SELECT regexp_replace(substr(key, length($1) + 1), '${STATE_ENDING}', '') AS name FROM ${this.#table} WHERE ${below(1, 2)} AND key ~ '${STATE_ENDING}'`, this.#folder, endOf(this.#folder));
    return new Set(rows.map(({ name }) => name));
  }

  async hasStack(stackName: string): Promise<boolean> {
    return (await this.#orNone(`SELECT FROM ${this.#table} WHERE key = ANY ($1)`, this.#keysOf(stackName))).length > 0;
  }

  /** undefined if there is no such stack. */
  async readStack(stackName: string): Promise<StackState | undefined> {
    // Of several, the engine takes the newest.
    const [blob] = await this.#read("key = ANY ($1) ORDER BY updated_at DESC, key DESC", this.#keysOf(stackName));
    if (!blob) return undefined;
    const { checkpoint } = contentOf(blob) as { checkpoint?: { latest?: Record<string, unknown> } };
    const latest = checkpoint?.latest ?? {};
    return {
      secretsSettings: secretsSettingsOf(latest["secrets_providers"]),
      resources: (latest["resources"] ?? []) as StateResource[],
      pendingOperations: (latest["pending_operations"] ?? []) as StackState["pendingOperations"],
    };
  }

  /**
   * Makes an empty stack, as `pulumi stack init` does at the cost of a process. Its secrets' salt is made by the
   * first `up`. Returns false where the states have the old layout, or there is such a stack.
   */
  async createStack(stackName: string): Promise<boolean> {
    const checkpoint = { version: 3, checkpoint: { stack: `organization/${this.#project}/${stackName}` } };
    const { rowCount } = await this.#pool.query(
      `INSERT INTO ${this.#table} (key, data) SELECT $1, $2 WHERE EXISTS (SELECT FROM ${this.#table} WHERE key = $3) AND NOT EXISTS (SELECT FROM ${this.#table} WHERE key = ANY ($4)) ON CONFLICT DO NOTHING`,
      [this.#keysOf(stackName)[0], blobOf(JSON.stringify(checkpoint)), this.#layoutKey, this.#keysOf(stackName)],
    );
    return rowCount === 1;
  }

  async readLocks(stackName: string): Promise<StateLock[]> {
    const folder = `${this.#root}/locks/organization/${this.#project}/${stackName}/`;
    const blobs = await this.#read(below(1, 2), folder, endOf(folder));
    return blobs.map((blob) => {
      const { pid, username, hostname, timestamp } = contentOf(blob) as { pid: number; username: string; hostname: string; timestamp: string };
      return { key: blob.key, pid, username, hostname, atMs: Date.parse(timestamp) };
    });
  }

  async removeLock(lock: StateLock): Promise<void> {
    await this.#pool.query(`DELETE FROM ${this.#table} WHERE key = $1`, [lock.key]);
  }

  /**
   * Removes what is left of a stack's older updates: the engine keeps two copies of the whole state
   * for each (`history/`, `backups/`) and never removes one. `pulumi config refresh` reads
   * the settings of the last one, so at least one is to be kept.
   */
  async pruneHistory(stackName: string, keptUpdates: number): Promise<void> {
    for (const folder of this.#foldersOfCopies(stackName)) {
      await this.#pool.query(
        // As an array, so that the index serves for the deletion too.
        `DELETE FROM ${this.#table} WHERE key = ANY (ARRAY(
           SELECT key FROM (
             SELECT key, dense_rank() OVER (ORDER BY substring(key FROM '[-.]([0-9]{19})[.][a-z.]+$') DESC) AS age
             FROM ${this.#table}
             WHERE ${below(1, 2)} AND key ~ '[-.][0-9]{19}[.][a-z.]+$') AS updates
           WHERE age > $3))`,
        [folder, endOf(folder), keptUpdates],
      );
    }
  }

  /** Removes the copies of the state that the engine leaves behind of a stack that is no more, with the user's secrets in them. */
  async removeCopies(stackName: string): Promise<void> {
    await this.#pool.query(`DELETE FROM ${this.#table} WHERE key = ANY ($1)`, [this.#keysOf(stackName).map((key) => `${key}.bak`)]);
    for (const folder of this.#foldersOfCopies(stackName)) await this.#pool.query(`DELETE FROM ${this.#table} WHERE ${below(1, 2)}`, [folder, endOf(folder)]);
  }

  /** Of the project's stacks. */
  get #folder(): string {
    return `${this.#root}/stacks/${this.#project}/`;
  }

  get #layoutKey(): string {
    return `${this.#root}/meta.yaml`;
  }

  #keysOf(stackName: string): string[] {
    return STATE_ENDINGS.map((ending) => `${this.#folder}${stackName}${ending}`);
  }

  #foldersOfCopies(stackName: string): string[] {
    return ["history", "backups"].map((folder) => `${this.#root}/${folder}/${this.#project}/${stackName}/`);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #read(condition: string, ...values: (string | string[])[]): Promise<Blob[]> {
    return this.#orNone<Blob>(`SELECT key, data FROM ${this.#table} WHERE ${condition}`, ...values);
  }

  async #orNone<Row extends object>(query: string, ...values: (string | string[])[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(query, values)).rows;
    } catch (error) {
      // The engine makes the table when it is first used.
      if ((error as { code?: string }).code === "42P01") return [];
      throw error;
    }
  }
}

/** Keys below a folder, in the order of the engine's index (text_pattern_ops), which serves it whatever the database's collation is. */
function below(from: number, to: number): string {
  return `(key ~>=~ $${from} AND key ~<~ $${to})`;
}

/** The first text that comes after all that begin with the folder, which ends in `/`. */
function endOf(folder: string): string {
  return `${folder.slice(0, -1)}0`;
}

function secretsSettingsOf(providers: unknown): StackState["secretsSettings"] {
  const { type, state } = (providers ?? {}) as { type?: string; state?: { salt?: string; url?: string; encryptedkey?: string } };
  if (type === "passphrase" && state?.salt) return { encryptionSalt: state.salt };
  if (type === "cloud" && state?.url && state.encryptedkey) return { secretsProvider: state.url, encryptedKey: state.encryptedkey };
  return {};
}
