import Module from "node:module";
import { join } from "node:path";
import type { dynamic } from "@pulumi/pulumi";

/** What Node's CommonJS modules have and its types do not tell. */
interface LoadedModule {
  filename: string;
  paths: string[];
  exports: { handler(): dynamic.ResourceProvider };
  _compile(text: string, filename: string): void;
}
const CommonJs = Module as unknown as { new (filename: string): LoadedModule; _nodeModulePaths(folder: string): string[] };

/** The provider that a resource holds as text. What it imports is found from the working directory, as by the SDK. */
export function providerFromText(text: string): dynamic.ResourceProvider {
  const filename = join(process.cwd(), "stored-provider.cjs");
  const loaded = new CommonJs(filename);
  loaded.filename = filename;
  loaded.paths = CommonJs._nodeModulePaths(process.cwd());
  loaded._compile(text, filename);
  return loaded.exports.handler();
}
