const asked = new Map<string, number>();

/** `bob`, and at each further try `bob2`, `bob3`: a user or stack that is nobody else's, whatever the first try has left of its own. */
export function newName(name: string): string {
  const times = (asked.get(name) ?? 0) + 1;
  asked.set(name, times);
  return times === 1 ? name : `${name}${times}`;
}
