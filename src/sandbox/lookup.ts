/**
 * Finds the items of a list by key without going through all of it. The list may be replaced or grow at its end at any
 * time; what is changed in place or put in between has to come as a new list.
 */
export class Lookup<Item, Key> {
  readonly #list: () => readonly Item[];
  readonly #keysOf: (item: Item) => readonly Key[];
  #known: readonly Item[] = [];
  #count = 0;
  #byKey = new Map<Key, Item[]>();

  constructor(list: () => readonly Item[], keysOf: (item: Item) => readonly Key[]) {
    this.#list = list;
    this.#keysOf = keysOf;
  }

  at(key: Key): readonly Item[] {
    const list = this.#list();
    if (list !== this.#known || list.length < this.#count) {
      this.#known = list;
      this.#count = 0;
      this.#byKey = new Map();
    }
    for (; this.#count < list.length; this.#count += 1) {
      const item = list[this.#count]!;
      for (const one of this.#keysOf(item)) {
        const items = this.#byKey.get(one);
        if (items) items.push(item);
        else this.#byKey.set(one, [item]);
      }
    }
    return this.#byKey.get(key) ?? [];
  }
}
