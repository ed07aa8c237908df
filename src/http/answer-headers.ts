/** The headers of answers that tell a client something, for the API's description; a test holds it to what is sent. */

interface Header {
  readonly description: string;
  readonly schema: { readonly type: "string" | "integer" };
}

export type Headers = Readonly<Record<string, Header>>;

const RETRY_AFTER: Headers = { "Retry-After": { description: "Seconds to wait before the next try, where that is known.", schema: { type: "integer" } } };
const location = (description: string): Headers => ({ Location: { description, schema: { type: "string" } } });
const FILE: Headers = { "Content-Disposition": { description: "With the file's name.", schema: { type: "string" } } };

/** Of refusals, by status. */
export const REFUSAL_HEADERS: Readonly<Record<string, Headers>> = {
  401: { "WWW-Authenticate": { description: "That a bearer token is wanted.", schema: { type: "string" } } },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};

/** Of answers that are none, by the operation's id. */
export const ANSWER_HEADERS: Readonly<Record<string, Headers>> = {
  provisionVps: location("`/api/vps/status`, where it is told how it comes along."),
  startRollOut: location("The roll-out."),
  exportUsers: FILE, exportFindings: FILE, exportAudit: FILE,
};
