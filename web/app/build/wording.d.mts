export function wordsOf(yaml: string): Record<string, string>;
export function wording(): Record<string, string>;
export function problemCodes(): string[];
export function evidenceRules(): { looks: Record<string, string>; say: string[] };
