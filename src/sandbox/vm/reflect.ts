/**
 * The few functions of the Metadata Reflection API (the proposal that the npm package `reflect-metadata`
 * implements) that tsyringe wants to see before `@peculiar/x509` can be loaded. Import it before that library.
 */

type Keys = Map<unknown, unknown>;
const metadata = new WeakMap<object, Keys>();

const polyfill = {
  defineMetadata(key: unknown, value: unknown, target: object): void {
    const keys: Keys = metadata.get(target) ?? new Map<unknown, unknown>();
    metadata.set(target, keys.set(key, value));
  },
  getOwnMetadata: (key: unknown, target: object): unknown => metadata.get(target)?.get(key),
  getMetadata(key: unknown, target: object | null): unknown {
    for (let one = target; one !== null; one = Object.getPrototypeOf(one) as object | null) {
      if (metadata.get(one)?.has(key)) return metadata.get(one)?.get(key);
    }
    return undefined;
  },
};

if (!("getMetadata" in Reflect)) Object.assign(Reflect, polyfill);
