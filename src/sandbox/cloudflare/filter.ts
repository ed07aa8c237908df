import type { DnsRecord } from "../model.ts";
import { CloudflareError } from "./error.ts";

type Test = (record: DnsRecord) => boolean;

const PAGING = new Set(["page", "per_page", "match", "tag_match", "order", "direction"]);
const ORDERS = ["type", "name", "content", "ttl", "proxied"] as const;

/** How a text is compared: `name` and `name.exact`, `.contains`, `.startswith`, `.endswith`; never by case. */
const COMPARISONS: Record<string, (text: string, wanted: string) => boolean> = {
  "": (text, wanted) => text === wanted,
  exact: (text, wanted) => text === wanted,
  contains: (text, wanted) => text.includes(wanted),
  startswith: (text, wanted) => text.startsWith(wanted),
  endswith: (text, wanted) => text.endsWith(wanted),
};

/**
 * The records that a list's query asks for, in its order: filters by name, content, comment, tag, type, proxied and
 * search, of which all have to fit or, with `match=any`, one. What it does not know it refuses, rather than
 * answering with everything.
 */
export function filtered(records: readonly DnsRecord[], query: URLSearchParams): DnsRecord[] {
  const tests: Test[] = [];
  const tagTests: Test[] = [];
  for (const [key, value] of query) {
    if (PAGING.has(key)) continue;
    (key.startsWith("tag") ? tagTests : tests).push(testOf(key, value));
  }
  if (tagTests.length > 0) tests.push(combined(tagTests, oneOf(query, "tag_match", ["all", "any"])));
  const found = records.filter(combined(tests, oneOf(query, "match", ["all", "any"])));
  return ordered(found, query);
}

function combined(tests: Test[], match: string): Test {
  if (tests.length === 0) return () => true;
  return (record) => (match === "any" ? tests.some((test) => test(record)) : tests.every((test) => test(record)));
}

function testOf(key: string, value: string): Test {
  const [field = "", how = ""] = key.split(".");
  const wanted = value.toLowerCase();
  const compare = COMPARISONS[how];
  if ((field === "name" || field === "content") && compare) return (record) => compare(record[field].toLowerCase(), wanted);
  if (field === "comment") {
    if (how === "present") return (record) => (record.comment !== null && record.comment !== "") === (value !== "false");
    if (how === "absent") return (record) => (record.comment === null || record.comment === "") === (value !== "false");
    if (compare) return (record) => compare((record.comment ?? "").toLowerCase(), wanted);
  }
  if (field === "tag") return tagTest(how, wanted, compare);
  if (key === "type") return (record) => record.type.toLowerCase() === wanted;
  if (key === "proxied") return (record) => String(record.proxied) === wanted;
  if (key === "search") return (record) => [record.name, record.content, record.comment ?? "", ...record.tags].some((text) => text.toLowerCase().includes(wanted));
  throw unknown(key);
}

/** `tag=name:value`, `tag.exact` and so on likewise; `tag.present=name`, `tag.absent=name`. */
function tagTest(how: string, wanted: string, compare: ((text: string, wanted: string) => boolean) | undefined): Test {
  const nameOf = (tag: string) => tag.split(":")[0] ?? "";
  const has = (record: DnsRecord) => record.tags.some((tag) => nameOf(tag).toLowerCase() === nameOf(wanted));
  if (how === "present") return has;
  if (how === "absent") return (record) => !has(record);
  if (!compare) throw unknown(`tag.${how}`);
  const [name = "", ...rest] = wanted.split(":");
  return (record) => record.tags.some((tag) => {
    const [tagName = "", ...tagRest] = tag.toLowerCase().split(":");
    return tagName === name && (wanted.includes(":") ? compare(tagRest.join(":"), rest.join(":")) : true);
  });
}

function ordered(records: DnsRecord[], query: URLSearchParams): DnsRecord[] {
  if (!query.has("order")) return oneOf(query, "direction", ["asc", "desc"]) === "desc" ? records.toReversed() : records;
  const field = oneOf(query, "order", [...ORDERS]) as (typeof ORDERS)[number];
  const sign = oneOf(query, "direction", ["asc", "desc"]) === "desc" ? -1 : 1;
  const compare = (a: DnsRecord, b: DnsRecord) => (field === "ttl" || field === "proxied" ? Number(a[field]) - Number(b[field]) : a[field] < b[field] ? -1 : a[field] > b[field] ? 1 : 0);
  return records.toSorted((a, b) => sign * compare(a, b));
}

/** The first is the default. */
function oneOf(query: URLSearchParams, key: string, allowed: string[]): string {
  const value = query.get(key) ?? allowed[0] ?? "";
  if (!allowed.includes(value)) throw new CloudflareError(400, 1004, `Invalid value for ${key}: expected one of ${allowed.join(", ")}`);
  return value;
}

function unknown(key: string): CloudflareError {
  return new CloudflareError(400, 1004, `The sandbox does not know the filter "${key}"`);
}
