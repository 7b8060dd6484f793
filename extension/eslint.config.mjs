import { defineConfig } from "eslint/config";
import nounsanitized from "eslint-plugin-no-unsanitized";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist/", "lint/", "node_modules/"] },
  {
    files: ["src/**/*.ts", "tests/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, nounsanitized.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Text from outside reaches the page by textContent alone.
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"].map((property) => ({ property })),
      ],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/client/host.ts"],
    rules: { "no-restricted-syntax": ["error", { selector: "Identifier[name=/^(connectNative|sendNativeMessage)$/]", message: "Only client/host.ts starts the host." }] },
  },
);
