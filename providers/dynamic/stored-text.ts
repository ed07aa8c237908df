/** The text of a dynamic provider as the engine stores it with every resource, `__provider`. */
import type { dynamic } from "@pulumi/pulumi";

const texts = new WeakMap<dynamic.ResourceProvider, string>();

/**
 * What the SDK's own serialiser would write (`runtime/closure/serializeClosure.js`), to the letter,
 * for a provider whose methods are `async name(…) {…}` and use nothing from outside. The SDK loads
 * TypeScript and npm's dependency tree for it, which costs each process most of a second.
 */
export function storedText(provider: dynamic.ResourceProvider): string {
  const known = texts.get(provider);
  if (known !== undefined) return known;
  const methods = Object.entries(provider) as [string, (...args: unknown[]) => unknown][];
  const names = methods.map(([name], index) => `${name}: __f${index + 1}`);
  const text = [
    `exports.handler = __f0;\n\nvar __provider = {${names.join(", ")}};\n`,
    ...methods.map(([name, method], index) => functionText(index + 1, method.length, "", sourceOf(name, method))),
    functionText(0, 0, "provider: __provider, ", "() => provider"),
  ].join("\n");
  texts.set(provider, text);
  return text;
}

/** `async create(inputs) {…}` as the function expression `async function /*create* /(inputs) {…}`. */
function sourceOf(name: string, method: (...args: unknown[]) => unknown): string {
  const source = method.toString();
  const head = `async ${name}(`;
  if (!source.startsWith(head)) throw new Error(`The provider's ${name} is not written as '${head}…)', so its text is not known.`);
  return `async function /*${name}*/(${source.slice(head.length)}`;
}

function functionText(number: number, parameters: number, captured: string, source: string): string {
  const names = Array.from({ length: parameters }, (_, index) => `__${index}`).join(", ");
  return `function __f${number}(${names}) {
  return (function() {
    with({ ${captured}this: undefined, arguments: undefined }) {

return ${source};

    }
  }).apply(undefined, undefined).apply(this, arguments);
}
`;
}
