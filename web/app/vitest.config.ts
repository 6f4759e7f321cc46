import { defineConfig } from "vitest/config";

import { messages } from "./build/messages.mjs";

// The browser tests share one machine's cores: one file after the other, or the measured timing is the machine's.
export default defineConfig({ plugins: [messages()], test: { fileParallelism: false, hookTimeout: 300_000 } });
