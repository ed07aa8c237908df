import tseslint from "typescript-eslint";
import { imports } from "./lint/imports.ts";

export default tseslint.config(
  { ignores: ["node_modules/", "stripped/", ".user-vps/", ".sandbox/", "coverage/", "examples/", "exports/client-schema.d.ts"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/require-await": "off",
      // Pulumi, pg and JSON hand out `any`; what comes in is checked by zod where it matters.
      ...Object.fromEntries(["argument", "assignment", "call", "member-access", "return"].map((what) => [`@typescript-eslint/no-unsafe-${what}`, "off"])),
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true, allow: [{ from: "lib", name: ["Error", "URL", "URLSearchParams"] }, { from: "package", package: "@types/node", name: ["URL", "URLSearchParams"] }, { from: "package", package: "undici-types", name: ["URL", "URLSearchParams"] }] }],
      "max-lines": ["error", { max: 400 }],
      eqeqeq: ["error", "always"],
      "no-console": "error",
      "prefer-const": "error",
    },
  },
  // Imports point one way, and no two files import each other: lint/layers.ts has the order.
  { files: ["**/*.ts"], plugins: { imports }, rules: { "imports/one-way": ["error", { root: import.meta.dirname }], "imports/no-circle": ["error", { root: import.meta.dirname }] } },
  { files: ["test/**"], rules: { "no-console": "off", "@typescript-eslint/unbound-method": "off" } },
  // Providers and command lines talk to a person on standard output.
  { files: ["bench/main.ts", "src/cli/**", "src/**/main.ts", "docs/generate/main.ts", "providers/core/progress.ts"], rules: { "no-console": "off" } },
);
