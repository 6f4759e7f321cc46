import { defineConfig } from "vite";

import { messages } from "./build/messages.mjs";
import { pack } from "./build/pack.mjs";
import { worker } from "./build/worker.mjs";

export default defineConfig({
  plugins: [messages(), worker(), pack()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome100", "safari15"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
