import type { Condition, Session } from "../model";
import { json, request, v1 } from "./request";

export const sessions = {
  open: (resident: string | null, condition: Condition) =>
    json<Session>(`${v1}/sessions`, { method: "POST", body: { resident_id: resident, practice: resident === null, condition } }),
  /** One's own that run: a page that was loaded again finds those of before. */
  mine: async () => (await json<{ sessions: Session[] }>(`${v1}/sessions?mine=true`)).sessions,
  get: (id: string) => json<Session>(`${v1}/sessions/${id}`),
  end: (id: string) => request(`${v1}/sessions/${id}`, { method: "DELETE", keepalive: true }),
  capture: (s: Session, seconds: number, purpose: "observation" | "baseline" = "observation") =>
    request(s.capture, { method: "POST", body: { seconds, ...(purpose === "baseline" ? { purpose } : {}) } }),
};
