/** The pages of the service. A line here and two files in `pages` (`NAME.html`, what `main` holds; `NAME.js`) are a page. */

export interface Page {
  readonly path: string;
  /** Of its files. */
  readonly name: string;
  readonly title: string;
  /** As the navigation has it; without one, it is reached from another page. */
  readonly navigation?: string;
}

export const PAGES: readonly Page[] = [
  { path: "/", name: "fleet", title: "Fleet", navigation: "Fleet" },
  { path: "/findings", name: "findings", title: "Findings", navigation: "Findings" },
  { path: "/releases", name: "releases", title: "Releases", navigation: "Releases" },
  { path: "/purchases", name: "purchases", title: "Purchases", navigation: "Purchases" },
  { path: "/pools", name: "pools", title: "Pools", navigation: "Pools" },
  { path: "/audit", name: "audit", title: "Audit", navigation: "Audit" },
  { path: "/notifications", name: "notifications", title: "Notifications", navigation: "Notifications" },
  { path: "/health", name: "health", title: "Health", navigation: "Health" },
  { path: "/users/:username", name: "user", title: "User" },
];

/** Sent where no page is, with the status 404. */
export const NOT_FOUND_PAGE: Page = { path: "", name: "not-found", title: "Not found" };

/** What is no page of ours, and belongs into the navigation. */
const ELSEWHERE = [{ path: "/docs", navigation: "API" }];

/** Of the whole document, with the navigation in it: there before any script runs. */
export function pageDocument(layout: string, { path, name, title }: Page, main: string): string {
  const links = [...PAGES, ...ELSEWHERE].filter(({ navigation }) => navigation !== undefined)
    .map((page) => `<li><a href="${page.path}"${page.path === path ? ' aria-current="page"' : ""}>${page.navigation}</a></li>`);
  const parts: Readonly<Record<string, string>> = { title, name, navigation: links.join("\n        "), main };
  return layout.replaceAll(/\{\{(\w+)\}\}/g, (_all, part: string) => parts[part]!);
}
