// The texts of WHIP (RFC 9725) that a connection reads and writes beside its offer and answer.

/** The servers that an answer's Link headers name: `<turns:...>; rel="ice-server"; username="..."; credential="..."`. */
export function iceServers(link: string | null): RTCIceServer[] {
  const out: RTCIceServer[] = [];
  for (const [, url = "", parameters = ""] of (link ?? "").matchAll(/<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^",;\s]*))*)/g)) {
    const of: Record<string, string> = {};
    for (const [, name = "", quoted, bare] of parameters.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*))/g)) {
      of[name.toLowerCase()] = quoted === undefined ? (bare ?? "") : quoted.replace(/\\(.)/g, "$1");
    }
    if (of.rel !== "ice-server" || !/^(stun|turn)s?:/i.test(url)) continue;
    out.push(of.username === undefined ? { urls: url } : { urls: url, username: of.username, credential: of.credential ?? "" });
  }
  return out;
}

const changing = /^a=(ice-ufrag|ice-pwd|candidate|end-of-candidates)\b/;
const linesOf = (sdp: string) => sdp.split(/\r?\n/).filter((l) => l !== "");
const valueOf = (lines: string[], name: string) => lines.find((l) => l.startsWith(`a=${name}:`));

/** What a restart sends (section 4.3.3): the new credentials and candidates of a description, for its first part. */
export function fragmentOf(sdp: string): string {
  const lines = linesOf(sdp);
  const from = lines.findIndex((l) => l.startsWith("m="));
  const next = lines.findIndex((l, i) => i > from && l.startsWith("m="));
  const part = lines.slice(from, next < 0 ? undefined : next);
  const own = [valueOf(lines, "ice-ufrag"), valueOf(lines, "ice-pwd"), part[0], valueOf(part, "mid"), ...part.filter((l) => /^a=(candidate|end-of-candidates)\b/.test(l))];
  return own.map((l) => (l === undefined ? "" : `${l}\r\n`)).join("");
}

/** The answer of before with what the server's fragment changes. */
export function answerWith(answer: string, fragment: string): string {
  const news = linesOf(fragment);
  const [ufrag, pwd] = [valueOf(news, "ice-ufrag"), valueOf(news, "ice-pwd")];
  if (!ufrag || !pwd) throw new Error("the server's fragment names no credentials");
  const candidates = news.filter((l) => /^a=(candidate|end-of-candidates)\b/.test(l));
  const mid = valueOf(news, "mid");
  let placed = false;
  const out: string[] = [];
  for (const l of linesOf(answer)) {
    if (l.startsWith("a=ice-ufrag:")) out.push(ufrag);
    else if (l.startsWith("a=ice-pwd:")) out.push(pwd);
    else if (!changing.test(l)) out.push(l);
    if (!placed && l.startsWith("a=mid:") && (mid === undefined || l === mid)) {
      out.push(...candidates);
      placed = true;
    }
  }
  return out.map((l) => `${l}\r\n`).join("");
}
