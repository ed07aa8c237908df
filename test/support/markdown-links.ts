/** What a Markdown document leads to. */

/** The targets of its links and pictures that are not addresses of the web. */
export function linksOf(text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => target);
  return links.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of its headings as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutBlocks(text).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    let anchor = words;
    for (let number = 1; anchors.has(anchor); number += 1) anchor = `${words}-${number}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Files and folders of the checkout that it names, in code maps and elsewhere; patterns and placeholders are none. */
export function pathsNamedIn(text: string): string[] {
  const named = text.matchAll(/(?<![\w./:{}~@-])(?:src|stacks|providers|exports|lint|test|docs|bin|packaging|examples)\/[\w./*{}<>…-]*/g);
  return [...new Set([...named].map(([path]) => path.replace(/[.…-]+$/, "")))].filter((path) => !/[*{}<>…]|\.\./.test(path));
}

/** The commands of user-vps that it tells, in their first two words: `vm create`, `status alice`. */
export function commandsNamedIn(text: string): string[] {
  const named = text.matchAll(/(?:npx |\$ |`|\()user-vps ([a-z][a-z-]*(?: [a-z][a-z-]*)?)/g);
  return [...new Set([...named].map(([, words = ""]) => words))];
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, "");
}

function withoutCode(text: string): string {
  return withoutBlocks(text).replaceAll(/`[^`\n]*`/g, "");
}
