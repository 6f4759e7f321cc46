import type { Actor, Condition } from "../model";
import type { EventKind } from "./happenings";
import { json, query, seen, v1 } from "./request";

export type Repeat = { every_hours: number } | { every_days: number; at: string[] } | { weekdays: string[]; every_weeks?: number; at: string[] } | { on: EventKind; minutes: number[] };

export interface Schedule {
  id: string;
  site_id: string;
  resident_id?: string; // left out for all residents of the home
  scale?: string;
  condition?: Condition;
  repeat: { every_hours?: number; every_days?: number; weekdays?: string[]; every_weeks?: number; at?: string[]; on?: EventKind | ""; minutes?: number[] };
  time_zone: string;
  starts_at: string;
  ends_at: string | null;
  created_by: Actor;
  words: string;
  version: number;
}

export interface NewSchedule {
  id: string;
  resident_id?: string;
  site_id?: string;
  scale?: string;
  condition?: Condition;
  repeat: Repeat;
}

export const schedules = {
  /** Those that go on: all, or those that ask for one resident, with those of the whole home. */
  list: async (resident?: string) => (await json<{ schedules: Schedule[] }>(`${v1}/schedules${query({ resident_id: resident })}`)).schedules,
  add: (s: NewSchedule) => json<Schedule>(`${v1}/schedules`, { method: "POST", body: s }),
  end: (s: Schedule) => json<Schedule>(`${v1}/schedules/${s.id}/end`, { method: "POST", body: {}, headers: seen(s) }),
};
