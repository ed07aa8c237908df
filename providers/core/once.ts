/**
 * Does the work once, for all who ask, also at the same time. A failure is kept by nobody: whoever
 * asks next has it tried again, so that a full disk is no reason to start a process anew.
 */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    const trying = (done ??= work());
    trying.catch(() => { if (done === trying) done = undefined; });
    return trying;
  };
}
