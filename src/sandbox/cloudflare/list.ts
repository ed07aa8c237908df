import type { ApiAnswer } from "../http/router.ts";
import { success } from "./error.ts";

const DEFAULT_PER_PAGE = 100;

/** One page of a list, with `result_info`. */
export function listAnswer(query: URLSearchParams, things: unknown[]): ApiAnswer {
  const page = positive(query.get("page"), 1);
  const perPage = positive(query.get("per_page"), DEFAULT_PER_PAGE);
  const result = things.slice((page - 1) * perPage, page * perPage);
  const total = things.length;
  const counts = { count: result.length, total_count: total, total_pages: Math.ceil(total / perPage) };
  return success(result, { result_info: { page, per_page: perPage, ...counts } });
}

function positive(text: string | null, otherwise: number): number {
  const number = Number.parseInt(text ?? "", 10);
  return number > 0 ? number : otherwise;
}
