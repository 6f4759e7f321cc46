import type { Actor } from "../model";
import { json, seen, v1 } from "./request";

export const eventKinds = ["fall", "admission", "personal_care"] as const;
export type EventKind = (typeof eventKinds)[number];

export interface Event {
  id: string;
  kind: EventKind;
  at: string;
  recorded_at: string;
  recorded_by: Actor;
  entered_in_error: boolean;
  version: number;
}

export const pauseReasons = ["hospital", "absent", "other"] as const;
export type PauseReason = (typeof pauseReasons)[number];

/** A time in which nothing is due. */
export interface Pause {
  id: string;
  reason: PauseReason;
  from: string;
  to: string | null;
  created_at: string;
  created_by: Actor;
  version: number;
}

const of = (resident: string) => `${v1}/residents/${resident}`;

export const happenings = {
  events: async (resident: string) => (await json<{ events: Event[] }>(`${of(resident)}/events`)).events,
  addEvent: (resident: string, e: { id: string; kind: EventKind; at?: string }) => json<Event>(`${of(resident)}/events`, { method: "POST", body: e }),
  eventWrong: (resident: string, e: Event) => json<Event>(`${of(resident)}/events/${e.id}/entered-in-error`, { method: "POST", body: {}, headers: seen(e) }),
  pauses: async (resident: string) => (await json<{ pauses: Pause[] }>(`${of(resident)}/pauses`)).pauses,
  addPause: (resident: string, p: { id: string; reason: PauseReason; from?: string; to?: string }) => json<Pause>(`${of(resident)}/pauses`, { method: "POST", body: p }),
  endPause: (resident: string, p: Pause) => json<Pause>(`${of(resident)}/pauses/${p.id}/end`, { method: "POST", body: {}, headers: seen(p) }),
};
