import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

const CHECKOUT = resolve(import.meta.dirname, "..", "..");

/** The project's documents, by their paths in the checkout. All that git knows or would take, so that nothing beneath node_modules counts. */
export const DOCUMENTS = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: CHECKOUT, encoding: "utf8" }).trim().split("\n");
