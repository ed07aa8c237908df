import { UserVpsError } from "../../core/errors.ts";

/** What the API does not know may be missing, or not there yet: what it means is for the caller to say. */
export async function undefinedIfNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "API_NOT_FOUND") return undefined;
    throw error;
  }
}
