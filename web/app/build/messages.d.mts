import type { Plugin } from "vite";

export const languages: readonly string[];
export function read(language: string): Record<string, string>;
export function compile(key: string, message: string): unknown;
export function argumentsOf(key: string, message: string): Record<string, string>;
export function writeTypes(): void;
export function messages(): Plugin;
