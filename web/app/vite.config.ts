import { defineConfig } from "vite";

import { messages } from "./build/messages.mjs";

export default defineConfig({
  plugins: [messages()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome100", "safari15"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
