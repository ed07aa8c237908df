import tseslint from "typescript-eslint";

/** Imports point one way (docs/architecture.md): each layer names what it may not import. */
const layers = [
  { files: ["providers/core/**"], forbidden: ["**/hostinger/**", "**/credentials/**", "**/health/**", "**/stacks/**", "**/src/**"] },
  { files: ["providers/hostinger/api/**"], forbidden: ["../virtual-*", "../post-*", "../session*", "../acquire*", "**/credentials/**", "**/health/**", "**/stacks/**", "**/src/**"] },
  { files: ["providers/hostinger/*.ts", "providers/credentials/**", "providers/health/**", "providers/ssh/**", "providers/cloudflare/**", "providers/dynamic/**"], forbidden: ["**/stacks/**", "**/src/**"] },
  { files: ["stacks/**"], forbidden: ["**/src/**"] },
  { files: ["src/**"], ignores: ["src/sandbox/**", "src/cli/**"] , forbidden: ["**/sandbox/**", "**/sandbox"] },
  // One mistake must not sit on both sides: the simulated world knows nothing of the clients.
  { files: ["src/sandbox/**"], forbidden: ["**/providers/**", "**/stacks/**", "undici"] },
];

export default tseslint.config(
  { ignores: ["node_modules/", "stripped/", ".user-vps/", ".sandbox/", "coverage/", "examples/"] },
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
      "max-lines": ["error", { max: 500 }],
      eqeqeq: ["error", "always"],
      "no-console": "error",
      "prefer-const": "error",
    },
  },
  ...layers.map(({ files, ignores = [], forbidden }) => ({
    files,
    ignores,
    rules: { "no-restricted-imports": ["error", { patterns: [{ group: forbidden, message: "Imports point one way: src -> stacks -> providers -> API client -> core; see docs/architecture.md." }] }] },
  })),
  { files: ["test/**"], rules: { "no-console": "off", "@typescript-eslint/unbound-method": "off" } },
  // Providers and command lines talk to a person on standard output.
  { files: ["bench/main.ts", "src/cli/**", "src/**/main.ts", "docs/generate/main.ts", "providers/core/progress.ts"], rules: { "no-console": "off" } },
);
