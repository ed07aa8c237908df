/**
 * Whether an error says that PostgreSQL is away for the moment: no connection, a connection that
 * broke, or the classes 08 (connection), 53 (resources) and 57P (shutdown, crash, starting up) of
 * PostgreSQL's error codes (its documentation, appendix A).
 */
export function isDatabaseOutage(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === "string" && /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|08\w{3}|53\w{3}|57P0\d)$/.test(code)) return true;
  return typeof message === "string" && /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after)/.test(message);
}
