/** For `node --import`: at its end the process writes the npm packages that it has loaded into the file LOADED_PACKAGES. */
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

const packages = new Set<string>();
registerHooks({
  load(url, context, nextLoad) {
    const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
    if (name !== undefined) packages.add(name);
    return nextLoad(url, context);
  },
});
process.on("exit", () => writeFileSync(process.env["LOADED_PACKAGES"]!, JSON.stringify([...packages])));
