import { signal } from "@preact/signals";

import type { Assessment, BodyRegion, Filling, Resident, Scale, Site } from "../model";
import { account } from "./account";
import { assessments, type NewAssessment } from "./assessments";
import { type Measure, type NewRelief, reliefs, type ReliefView } from "./reliefs";
import { residents } from "./residents";
import { round, type Round } from "./round";
import { scales, type Scales } from "./scales";

/**
 * Where the screens that must work without the network read and write. A local store can be put under them by giving
 * `source` another value that asks the server first; what is read from it says so through `connection`.
 */
export interface Source {
  sites: () => Promise<Site[]>;
  due: (site: string | null, signal?: AbortSignal) => Promise<Round>;
  residents: (site: string | null, signal?: AbortSignal) => Promise<Resident[]>;
  resident: (id: string) => Promise<Resident>;
  scales: (site: string | null) => Promise<Scales>;
  bodyRegions: () => Promise<BodyRegion[]>;
  scale: (id: string, version: string, site: string | null) => Promise<Scale>;
  assessment: (id: string) => Promise<Assessment>;
  /** Keeps an assessment made by an observer; without the network it waits and is sent later, once, by its id. */
  add: (a: NewAssessment) => Promise<Assessment>;
  fill: (a: Assessment, with_: Filling) => Promise<Assessment>;
  confirm: (a: Assessment, with_: Filling) => Promise<Assessment>;
  measures: (site: string | null) => Promise<Measure[]>;
  /** Keeps what was given; null where it waits to be sent, and nothing is known of what follows from it. The note says what it was. */
  addRelief: (to: Resident, r: NewRelief, note: string) => Promise<ReliefView | null>;
}

export const server: Source = {
  sites: account.sites,
  due: round.due,
  residents: residents.list,
  resident: residents.get,
  scales: scales.list,
  bodyRegions: assessments.bodyRegions,
  scale: scales.get,
  assessment: assessments.get,
  add: assessments.add,
  fill: assessments.fill,
  confirm: assessments.confirm,
  measures: reliefs.measures,
  addRelief: (to, r) => reliefs.add(to.id, r),
};

export const source = signal<Source>(server);
