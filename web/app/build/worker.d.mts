import type { Plugin } from "vite";

export function filesOf(dist: string): Record<string, string>;
export function worker(): Plugin;
