/** Who may what, from the table that the routes are held to. */
import { includesRole, OPERATOR_ROLES } from "../../src/config/operator-roles.ts";
import { OPERATIONS } from "../../src/http/operations.ts";
import { code, table } from "./markdown.ts";

export function rolesTable(): string {
  const rows = Object.entries(OPERATIONS).flatMap(([name, { who }]) => {
    const least = OPERATOR_ROLES.find((role) => role === who);
    return least ? [[code(name), ...OPERATOR_ROLES.map((role) => (includesRole(role, least) ? "yes" : ""))]] : [];
  });
  return table(["operation", ...OPERATOR_ROLES], rows);
}
