/** From one page of a list to the next: links, so that each page has an address. */
import { addressWith } from "./address.js";
import { h, show } from "./dom.js";

const link = (text, changes, isThere) => (isThere
  ? h("a", { class: "button", href: addressWith(changes), "data-here": true, "data-key": text }, text)
  : h("span", { class: "button off", "aria-disabled": "true" }, text));

/** By number. */
export function numberedPager(nav, { page, pages }) {
  show(nav, [page, pages, location.search], () => (pages <= 1 && page === 1 ? [] : [
    link("First", { page: null }, page > 1), link("Previous", { page: page > 2 ? page - 1 : null }, page > 1),
    h("span", {}, `Page ${page} of ${pages}`),
    link("Next", { page: page + 1 }, page < pages), link("Last", { page: pages }, page < pages),
  ]));
}

/** By where the page before ended: newest first, then older ones; the browser's back leads back. */
export function cursorPager(nav, { name = "cursor", cursor, nextCursor }) {
  show(nav, [cursor, nextCursor, location.search], () => (cursor === null && nextCursor === null ? [] : [
    link("Newest", { [name]: null }, cursor !== null), link("Older", { [name]: nextCursor }, nextCursor !== null),
  ]));
}
