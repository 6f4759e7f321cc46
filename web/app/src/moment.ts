/** A moment as a field of type datetime-local wants it: the tablet's clock, to the minute. */
export function local(at: number): string {
  const d = new Date(at);
  return new Date(at - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What such a field says, as the server wants it; undefined where it is empty. */
export function instant(typed: string | undefined): string | undefined {
  return typed ? new Date(typed).toISOString() : undefined;
}
