/**
 * The order of the folders, from top to bottom (docs/architecture.md has the drawing): a file
 * imports from its own folder and from those below, never from one above or beside it. So no two
 * folders import each other. The longest name that fits counts.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ["docs/generate", "bench"],
  ["src/cli"],
  ["src/service"],
  ["src/http"],
  ["src/drift", "src/releases", "src/pool", "src/web", "src/doctor"],
  ["src/waits"],
  ["src/jobs", "src/notifications"],
  ["src/provisioning"],
  ["src/purchases", "src/slots"],
  ["src/stand-ins"],
  ["src/install-pulumi", "src/inventory", "src/records"],
  ["src/db", "src/config"],
  ["stacks"],
  ["providers"],
  ["providers/hostinger/api"],
  ["providers/core"],
];

/** The simulated world knows nothing of the clients, and they nothing of it: one mistake must not sit on both sides. */
export const APART = { folder: "src/sandbox", importedBy: ["src/cli", "docs/generate", "bench"], withoutPackages: ["undici"] } as const;

export interface Place {
  readonly folder: string;
  /** 0 is the top. */
  readonly rank: number;
}

/** Where a file, by its path in the repository, stands; undefined for what is in no layer (tests, tools). */
export function placeOf(path: string): Place | undefined {
  const places = LAYERS.flatMap((folders, rank) => folders.map((folder) => ({ folder, rank })));
  return places.filter(({ folder }) => path.startsWith(`${folder}/`)).sort((a, b) => b.folder.length - a.folder.length)[0];
}

/** Why one file may not import the other; undefined if it may. Both by their paths in the repository. */
export function faultOf(from: string, to: string): string | undefined {
  const isApart = (path: string) => path.startsWith(`${APART.folder}/`);
  if (isApart(from)) return isApart(to) ? undefined : `${APART.folder} imports nothing but itself, so that one mistake cannot sit on both sides`;
  const here = placeOf(from);
  if (!here) return undefined;
  if (isApart(to)) return APART.importedBy.some((folder) => folder === here.folder) ? undefined : `only ${APART.importedBy.join(", ")} and tests import ${APART.folder}`;
  const there = placeOf(to);
  if (!there || there.folder === here.folder || there.rank > here.rank) return undefined;
  return `${there.folder} stands ${there.rank < here.rank ? "above" : "beside"} ${here.folder}`;
}
