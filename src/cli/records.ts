/** What is known of users and their runs: of the service, where it is known; else of the service's database, whether or not it runs. */
import type { Invocation } from "./command.ts";
import type { Records } from "./record-reader.ts";
import { namesService } from "./service-client/session-file.ts";

/** Of one user. Errors: those of the service or of the database; INPUT_INVALID or USER_NOT_FOUND for who is not known. */
export async function withRecords<T>(invocation: Invocation, username: string, work: (records: Records) => Promise<T>): Promise<T> {
  if (namesService(invocation.env)) {
    const { recordsOfService } = await import("./service-client/records.ts");
    return recordsOfService(invocation, username, work);
  }
  const { recordsOfDatabase } = await import("./reach-database.ts");
  return recordsOfDatabase(invocation.env, username, work);
}
