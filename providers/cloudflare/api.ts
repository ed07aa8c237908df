/** The DNS records of one zone by Cloudflare's API v4: https://developers.cloudflare.com/api/resources/dns/subresources/records/ */
import { z } from "zod";
import { UserVpsError } from "../core/errors.ts";
import { HttpEndpoint, HttpFailure } from "../core/http.ts";
import type { HttpAnswer } from "../core/http.ts";
import { jsonOrUndefined } from "../core/json.ts";
import { removeForSure } from "../core/removal.ts";
import { waitBeforeRepetitionMs } from "../core/retry.ts";
import { MINUTE_MS, monotonicMs, SECOND_MS, sleep } from "../core/time.ts";
import { tokenFrom } from "../core/token.ts";
import { apiErrors, type ApiErrors } from "./errors.ts";

export interface CloudflareAccess {
  readonly baseUrl?: string | undefined;
  readonly apiToken: string;
  readonly zoneId: string;
}

const recordSchema = z
  .object({
    id: z.string(), name: z.string(), type: z.string(),
    // Some types have their value in `data` alone.
    content: z.string().catch(""),
    proxied: z.boolean().catch(false),
    ttl: z.number(),
    created_on: z.string().nullish(),
  })
  .transform(({ created_on, ...record }) => ({ ...record, createdAt: created_on ?? null }));

export type ZoneRecord = z.output<typeof recordSchema>;

export interface RecordFilter {
  /** The full name, exactly. */
  readonly name?: string;
  readonly type?: string;
  /** Of an A record, its address. */
  readonly content?: string;
}

export interface ReadRecords {
  readonly records: ZoneRecord[];
  /** false: the zone changed at every read, and some that were moved meanwhile may be missing. */
  readonly isWhole: boolean;
}

export interface ZoneRecords {
  /** All that fit, however many pages they fill; 1,000 records a call. Errors: API_LIST_INCOMPLETE if it is not certain that they are all; API_*. */
  list(filter?: RecordFilter, signal?: AbortSignal): Promise<ZoneRecord[]>;
  /** The same, for who concludes nothing from what is not there. Errors: API_LIST_INCOMPLETE if the pages have no end; API_*. */
  read(filter?: RecordFilter, signal?: AbortSignal): Promise<ReadRecords>;
  /** One that is gone already is fine. */
  remove(recordId: string, signal?: AbortSignal): Promise<void>;
  /** Requests so far, repetitions included. */
  readonly calls: number;
  close(): Promise<void>;
}

export const CLOUDFLARE_BASE_URL = "https://api.cloudflare.com/client/v4";
const REQUEST_TIMEOUT_MS = 30 * SECOND_MS;
const RETRY_LIMIT_MS = 2 * MINUTE_MS;
/** Documented are 5 to 5,000,000; an answer has to stay of a size that can be read. */
const PER_PAGE = 1_000;
/** 100,000 records are more than a zone of VPSs has. */
const MOST_PAGES = 100;
/** A zone that changes while its pages are read is read again, this often. */
const MOST_READS = 3;

/** An answer to DELETE is documented without `success`. */
const answerSchema = z.object({ success: z.boolean().optional(), result: z.unknown(), result_info: z.object({ total_pages: z.number(), total_count: z.number(), per_page: z.number().positive().optional() }).nullish().catch(undefined) });
type Answer = z.output<typeof answerSchema>;

/** Of a 404 that is about the zone or the path, and says nothing about the record. */
const NO_ROUTE: ReadonlySet<number> = new Set([7000, 7003]);
const CHECK_ZONE = "Check CLOUDFLARE_ZONE_ID (the stack's `zoneId`): Cloudflare's dashboard shows it on the zone's overview.";
/** The headers with the token are malformed, or missing. */
const BAD_TOKEN: ReadonlySet<number> = new Set([6003, 6111, 9106, 9107]);
const CHECK_TOKEN = "Check CLOUDFLARE_API_TOKEN (the stack's `cloudflare:apiToken`): a token as it was shown when it was made, not a global API key.";

/** The headers of every call. Errors: those of tokenFrom, before anything is sent. */
export function cloudflareHeaders(apiToken: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${tokenFrom(apiToken, "The Cloudflare API token")}` };
}

export function zoneRecords({ baseUrl = CLOUDFLARE_BASE_URL, apiToken, zoneId }: CloudflareAccess): ZoneRecords {
  const endpoint = new HttpEndpoint({ baseUrl, connections: 4, connectTimeoutMs: 10 * SECOND_MS });
  const headers = cloudflareHeaders(apiToken);
  const path = `/zones/${encodeURIComponent(zoneId)}/dns_records`;
  let calls = 0;

  /** The answer, or undefined where there is no such record. Everything here may be repeated. */
  async function call(method: "GET" | "DELETE", rest: string, signal?: AbortSignal): Promise<Answer | undefined> {
    const endMs = monotonicMs() + RETRY_LIMIT_MS;
    for (let attempt = 1; ; attempt++) {
      calls++;
      const answer = await endpoint
        .send({ method, path: `${path}${rest}`, headers, timeoutMs: REQUEST_TIMEOUT_MS, signal })
        .catch((error: unknown) => { signal?.throwIfAborted(); if (error instanceof HttpFailure) return error; throw error; });
      const outcome = judged(method, answer, rest.startsWith("/"));
      if (!(outcome instanceof Passing)) return outcome;
      const waitMs = waitBeforeRepetitionMs(attempt, answer instanceof HttpFailure ? {} : answer.headers);
      if (monotonicMs() + waitMs > endMs) throw outcome.error;
      await sleep(waitMs, signal);
    }
  }

  /**
   * The pages end where they say, else with one that is not full, or that brings nothing new. With a filter it is the page
   * that is not full, whatever they say: their numbers are documented as those "without any search parameters".
   */
  async function readPages(filter: RecordFilter, signal: AbortSignal | undefined): Promise<ReadRecords> {
    const isFiltered = Object.keys(filter).length > 0;
    const found = new Map<string, ZoneRecord>();
    const totals = new Set<number>();
    for (let page = 1; page <= MOST_PAGES; page++) {
      const query = new URLSearchParams({ ...filter, page: String(page), per_page: String(PER_PAGE) });
      const answer = await call("GET", `?${query}`, signal);
      const records = recordsOf(answer);
      const known = found.size;
      for (const record of records) found.set(record.id, record);
      const { total_pages, total_count, per_page = PER_PAGE } = answer?.result_info ?? {};
      if (total_count !== undefined) totals.add(total_count);
      const isEnd = isFiltered || total_pages === undefined ? records.length < per_page : page >= total_pages;
      if (!isEnd && found.size > known) continue;
      // With records coming and going, one can move over the border of two pages unseen.
      const isSettled = totals.size <= 1 && (isFiltered || [...totals].every((total) => total === found.size));
      return { records: [...found.values()], isWhole: isSettled && (isEnd || (!isFiltered && total_count !== undefined)) };
    }
    throw incomplete(`${MOST_PAGES} pages are not enough`);
  }

  async function read(filter: RecordFilter = {}, signal?: AbortSignal): Promise<ReadRecords> {
    for (let reads = 1; ; reads++) {
      const found = await readPages(filter, signal);
      if (found.isWhole || reads === MOST_READS) return found;
    }
  }

  return {
    read,
    async list(filter, signal) {
      const { records, isWhole } = await read(filter, signal);
      if (!isWhole) throw incomplete(`they changed, or were other than told, at each of ${MOST_READS} reads`);
      return records;
    },
    async remove(recordId, signal) {
      const one = `/${encodeURIComponent(recordId)}`;
      await removeForSure({
        what: `DNS record ${recordId}`,
        remove: () => call("DELETE", one, signal),
        isThere: async () => (await call("GET", one, signal)) !== undefined,
        signal,
      });
    },
    get calls() {
      return calls;
    },
    close: () => endpoint.close(),
  };
}

/** Another attempt may go better; else `error` is what is said at the end. */
class Passing {
  readonly error: UserVpsError;

  constructor(error: UserVpsError) {
    this.error = error;
  }
}

/** Throws what does not pass. */
function judged(method: string, answer: HttpAnswer | HttpFailure, isOneRecord: boolean): Answer | Passing | undefined {
  const about = `${method} of the zone's DNS records`;
  if (answer instanceof HttpFailure) {
    if (answer.kind === "too-large") throw new UserVpsError("API_ANSWER_UNREADABLE", `Cloudflare to ${about}: ${answer.message}.`);
    return new Passing(new UserVpsError(answer.kind === "timeout" ? "API_TIMEOUT" : "API_UNREACHABLE", `Cloudflare did not answer ${about}: ${answer.message}.`));
  }
  const { status, text } = answer;
  const errors = apiErrors(text);
  const said = errors?.said ?? "";
  if (status === 429) return new Passing(new UserVpsError("API_RATE_LIMITED", `Cloudflare answered 429 to ${about} until the time limit${said}.`, { status }));
  if (status === 408 || status >= 500) return new Passing(new UserVpsError("API_UNAVAILABLE", `Cloudflare did not answer ${about}: status ${status}${said}.`, { status }));
  if (status >= 300) {
    if (!errors) throw new UserVpsError("API_ANSWER_UNREADABLE", `Cloudflare's address answered ${status} to ${about} with something that is not of its API.`, { status });
    if (status === 404 && isOneRecord && !NO_ROUTE.has(errors.code ?? 0)) return undefined;
    throw refused(method, status, errors);
  }
  const json = jsonOrUndefined(text);
  if (json === undefined) return new Passing(new UserVpsError("API_ANSWER_UNREADABLE", `Cloudflare's address answered ${status} to ${about} with something that is no JSON.`, { status }));
  const parsed = answerSchema.safeParse(json).data;
  if (parsed?.success === false) return new Passing(new UserVpsError("API_UNAVAILABLE", `Cloudflare answered ${status} to ${about}, and that it did not succeed${said}.`, { status }));
  if (!parsed || (method === "GET" && parsed.success !== true)) throw unexpected();
  return parsed;
}

function recordsOf(answer: Answer | undefined): ZoneRecord[] {
  const records = z.array(recordSchema).safeParse(answer?.result);
  if (!records.success) throw unexpected();
  return records.data;
}

function unexpected(): UserVpsError {
  return new UserVpsError("API_ANSWER_UNEXPECTED", "Cloudflare's answer about DNS records is not in its usual envelope.");
}

function incomplete(why: string): UserVpsError {
  return new UserVpsError("API_LIST_INCOMPLETE", `The zone's DNS records cannot be read to a certain end: ${why}.`);
}

function refused(method: string, status: number, { code: reason = 0, said }: ApiErrors): UserVpsError {
  const code = status === 401 ? "API_UNAUTHORIZED" : status === 403 ? "API_FORBIDDEN" : "API_REJECTED";
  const next = NO_ROUTE.has(reason) ? CHECK_ZONE : BAD_TOKEN.has(reason) ? CHECK_TOKEN : undefined;
  return new UserVpsError(code, `Cloudflare answered ${status} to ${method} of the zone's DNS records${said}.`, { status, ...(next !== undefined && { next }) });
}
