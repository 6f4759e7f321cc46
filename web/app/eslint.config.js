import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: tseslint.configs.strictTypeChecked,
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": "off",
    },
  },
  {
    files: ["e2e/**/*.mjs", "build/**/*.mjs"],
    languageOptions: {
      globals: {
        process: "readonly", console: "readonly", fetch: "readonly", setTimeout: "readonly", clearTimeout: "readonly",
        document: "readonly", Event: "readonly", window: "readonly", location: "readonly", RTCPeerConnection: "readonly", URL: "readonly", Buffer: "readonly",
        performance: "readonly", getComputedStyle: "readonly", Node: "readonly", requestAnimationFrame: "readonly", indexedDB: "readonly", TextDecoder: "readonly", NodeFilter: "readonly", CSSStyleSheet: "readonly",
      },
    },
  },
);
