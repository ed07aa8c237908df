/** What operators may do, from the least on: each role includes those before it. */
export const OPERATOR_ROLES = ["viewer", "operator", "releaser", "owner"] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** The scope of a token that has the role. */
export const SCOPE_OF_ROLE: Readonly<Record<OperatorRole, string>> = { viewer: "vps:viewer", operator: "vps:operator", releaser: "vps:releaser", owner: "vps:owner" };

/** The scope of 0.1.0, when there was one kind of operator: it may all. */
export const ADMIN_SCOPE = "vps:admin";

/** The highest role among a token's scopes; undefined: it is no operator's. */
export function roleOfScopes(scopes: ReadonlySet<string>): OperatorRole | undefined {
  if (scopes.has(ADMIN_SCOPE)) return "owner";
  return OPERATOR_ROLES.findLast((role) => scopes.has(SCOPE_OF_ROLE[role]));
}

export function includesRole(role: OperatorRole | undefined, least: OperatorRole): boolean {
  return role !== undefined && OPERATOR_ROLES.indexOf(role) >= OPERATOR_ROLES.indexOf(least);
}
