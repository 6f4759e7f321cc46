import type { MessageFormatElement } from "@formatjs/icu-messageformat-parser";

/** A language's messages by key: plain text, or an ICU message that was parsed when the page was built. */
export type Catalogue = Record<string, string | MessageFormatElement[]>;
