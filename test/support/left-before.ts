/**
 * What test files of this process have left behind: they have failed for it, the files after them do not.
 * A module of its own, for the setup file is loaded anew for each test file.
 */
export const leftBefore = {
  /** The last file's, by the hook after its tests. */
  isChecked: true,
  /** How many of each kind. */
  resources: new Map<string, number>(),
  processes: new Set<number>(),
  /** Open in this process; that they are is seen by nothing but a socket. Counted by browser.ts. */
  browsers: 0,
};
