// A resident with a past: scores over three months, relief with what came of it, a fall, a hospital stay, decisions and a schedule.
import { answersOf, furnish, observed, site } from "./home.mjs";

const at = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString();

/** The first `points` items of a scale answered with one, the rest with none; twos where there are more points than items. */
export function scoring(scale, points) {
  let left = points;
  const answers = answersOf(scale, 0);
  for (let round = 1; left > 0 && round <= 3; round++) {
    for (const i of scale.items) {
      if (left === 0 || i.options.length <= round) continue;
      answers[i.id] = i.options[round].value;
      left--;
    }
  }
  return answers;
}

/** Fills a home and gives Greta Oak, of room 12, three months of records. */
export async function remembered(server, admin) {
  const home = await furnish(server, admin);
  const greta = home.people.greta;
  const painad = home.scale("painad");
  const abbey = home.scale("abbey");
  const rest = [1, 0, 2, 1, 3, 2, 4, 3, 5, 4, 3, 2, 2, 1, 1, 2, 1, 3];
  for (const [i, points] of rest.entries()) await observed(admin, greta.id, painad, scoring(painad, points), 24 * 85 - i * 24 * 4.7);
  const movement = [3, 4, 4, 6, 5, 7, 6, 5, 4, 4];
  for (const [i, points] of movement.entries()) await observed(admin, greta.id, painad, scoring(painad, points), 24 * 80 - i * 24 * 8.4 + 3, "movement");
  await observed(admin, greta.id, abbey, scoring(abbey, 9), 24 * 20);
  await observed(admin, greta.id, abbey, scoring(abbey, 5), 24 * 12);
  const { measures } = await admin.get("/measures");
  const before = await observed(admin, greta.id, painad, scoring(painad, 7), 30, "movement", "Cried out while being turned. Held her left hip.");
  const relief = await admin.post(`/residents/${greta.id}/reliefs`, {
    assessment_id: before.id, drug: { text: "Paracetamol", dose: "500 mg by mouth" }, measures: [measures.find((m) => m.id === "repositioning").id], given_at: at(29.8), remarks: "Took it with yoghurt.",
  });
  const looked = await observed(admin, greta.id, painad, scoring(painad, 2), 28.7, "movement");
  const again = await observed(admin, greta.id, painad, scoring(painad, 4), 1.2);
  const running = await admin.post(`/residents/${greta.id}/reliefs`, { assessment_id: again.id, measures: ["warmth", "music"], given_at: at(0.6) });
  await admin.post(`/residents/${home.people.dora.id}/reliefs`, { assessment_id: home.made.at(-1).id, measures: ["cold"], given_at: at(1.1) });
  const amended = await observed(admin, greta.id, painad, scoring(painad, 3), 50);
  await admin.post(`/assessments/${amended.id}/amend`, { reason: "The answers were those of the room next door.", answers: scoring(painad, 1) }, { "If-Match": `"${amended.version}"` });
  await admin.post(`/residents/${greta.id}/events`, { kind: "fall", at: at(24 * 9) });
  const away = await admin.post(`/residents/${greta.id}/pauses`, { reason: "hospital", from: at(24 * 9) });
  await admin.post(`/residents/${greta.id}/pauses/${away.id}/end`, {}, { "If-Match": `"${away.version}"` });
  await admin.post(`/residents/${greta.id}/consents`, { purpose: "camera", decision: "given", given_by: "Gerda Oak", capacity: "attorney", given_at: at(24 * 60), expires_at: at(-24 * 200), note: "By telephone, letter to follow." });
  await admin.post("/schedules", { resident_id: greta.id, repeat: { every_days: 1, at: ["08:00", "20:00"] }, scale: "painad", condition: "movement", starts_at: at(24 * 20) });
  const now = await admin.get(`/residents/${greta.id}`);
  await admin.patch(`/residents/${greta.id}`, { conditions: ["parkinsonism"], language: "de", communication: "cannot_say", birth_date: "1938-04-27" }, { "If-Match": `"${now.version}"` });
  return { ...home, site, greta, relief, running, looked };
}
