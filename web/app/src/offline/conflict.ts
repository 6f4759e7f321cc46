// What a person can decide about an entry that the server did not take.
import type { Entry, Queued } from "./queue";

export type Choice = "again" | "as_new" | "discard";

/** What makes sense for a refused entry. The server's own record can be looked at beside it in any case. */
export function choices(e: Queued): Choice[] {
  switch (e.refusal?.code) {
    case "erased": // there is nobody any more whom it could be about
    case "not_found":
      return ["discard"];
    case "invalid": // such as a time that lies ahead because the tablet's clock is fast: later it is past
      // Or the assessment that it was given for was not taken: the relief itself is true all the same.
      if (e.kind === "relief.add" && "assessment_id" in e.body) return ["again", "as_new", "discard"];
      return ["again", "discard"];
    case "forbidden":
    case "password_needed":
    case "account_disabled":
      return ["again", "discard"];
  }
  return e.kind.startsWith("assessment.") && !e.whole ? ["again", "discard"] : ["as_new", "discard"];
}

/** The refused entry and what waits behind it: they are decided on together. */
export function chain(all: Queued[], refused: Queued): Queued[] {
  return all.filter((e) => e.record === refused.record && e.seq >= refused.seq);
}

/** The same once more under new ids, as a record of its own beside the server's. Ids are made by newID. */
export function asNew(of: Queued[], newID: () => string): Entry[] {
  const last = of.at(-1);
  if (!last) return [];
  const id = newID();
  if (!last.kind.startsWith("assessment.")) {
    const { assessment_id, ...rest } = last.body;
    const body = last.refusal?.code === "invalid" || assessment_id === undefined ? rest : { ...rest, assessment_id };
    return [plain(last, { id, record: id, body: { ...body, id } })];
  }
  const whole = last.whole ?? {};
  const add: Entry = {
    ...plain(last, { id, record: id, body: { ...whole, id } }),
    kind: "assessment.add",
    method: "POST",
    path: "/api/v1/assessments",
    whole,
  };
  if (!of.some((e) => e.kind === "assessment.confirm")) return [add];
  const change = newID();
  return [add, { ...add, id: change, kind: "assessment.confirm", path: `/api/v1/assessments/${id}/confirm`, body: { id: change }, version: 1 }];
}

function plain(e: Queued, with_: Pick<Entry, "id" | "record" | "body">): Entry {
  const { kind, method, path, madeAt, resident, name, note } = e;
  return { kind, method, path, madeAt, resident, name, ...(note && { note }), ...with_ };
}
