import type { QueryConfig } from "pg";

const names = new Map<string, string>();
/** Texts are constant; this is for whoever puts values into them all the same. */
const MOST = 100;

/**
 * A statement on the way of every user: each connection parses and plans it once, which takes
 * PostgreSQL several times what running it does.
 *
 * @param text with values as parameters only
 */
export function prepared(text: string, values: readonly unknown[]): QueryConfig {
  let name = names.get(text);
  if (name === undefined && names.size < MOST) names.set(text, (name = `user_vps_${names.size}`));
  return { ...(name !== undefined && { name }), text, values: values as unknown[] };
}
