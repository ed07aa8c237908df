/**
 * Whether an error says that PostgreSQL is away for the moment, so that the same may work later: no
 * connection, a connection that broke or says nothing, or the classes 08 (connection), 53
 * (resources), 57P (shutdown, crash, starting up), the ends of sessions and statements by their
 * time limits (57014, 25P03) and a server that only reads, as the old one does after a failover (25006), of PostgreSQL's error codes (its documentation, appendix A). The one rule for it.
 */
export function isDatabaseOutage(error: unknown): boolean {
  const { code, message, errors } = (error ?? {}) as { code?: unknown; message?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.some(isDatabaseOutage)) return true;
  if (typeof code === "string" && (NETWORK_CODES.has(code) || SQL_STATES.test(code))) return true;
  return typeof message === "string" && MESSAGES.test(message);
}

const NETWORK_CODES: ReadonlySet<string> = new Set(["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "ENOTFOUND", "EAI_AGAIN"]);

const SQL_STATES = /^(08\w{3}|53\w{3}|57P\w{2}|57014|25P03|25006)$/;

/** Of node-postgres, which gives these no code. */
const MESSAGES = /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after)/;
