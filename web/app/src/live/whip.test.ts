import { describe, expect, it } from "vitest";

import { answerWith, fragmentOf, iceServers } from "./whip";

describe("iceServers", () => {
  it("reads what the server names, as fetch joins it", () => {
    const link =
      '<stun:192.0.2.1:3478>; rel="ice-server", <turns:wince.example:5349?transport=tcp>; rel="ice-server"; username="1772366400:tablet"; credential="a\\"b, c=="; credential-type="password"';
    expect(iceServers(link)).toEqual([{ urls: "stun:192.0.2.1:3478" }, { urls: "turns:wince.example:5349?transport=tcp", username: "1772366400:tablet", credential: 'a"b, c==' }]);
  });

  it.each([null, "", "nonsense", '</style.css>; rel="preload"', '<https://example.org/>; rel="ice-server"', '<turn:x>; rel="next"'])("finds none in %j", (link) => {
    expect(iceServers(link)).toEqual([]);
  });
});

const offer = [
  "v=0", "o=- 1 2 IN IP4 127.0.0.1", "a=group:BUNDLE 0 1",
  "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=candidate:1 1 udp 2 192.0.2.7 5000 typ host", "a=ice-ufrag:abcd", "a=ice-pwd:secret", "a=mid:0", "a=sendonly",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=ice-ufrag:abcd", "a=ice-pwd:secret", "a=mid:1", "",
].join("\r\n");

describe("fragmentOf", () => {
  it("takes the credentials and the candidates, and nothing else", () => {
    expect(fragmentOf(offer)).toBe("a=ice-ufrag:abcd\r\na=ice-pwd:secret\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=candidate:1 1 udp 2 192.0.2.7 5000 typ host\r\n");
  });
});

describe("answerWith", () => {
  const answer = offer.replace("a=sendonly", "a=recvonly").replace("5000 typ host", "6000 typ host\r\na=end-of-candidates");
  const fragment = "a=ice-ufrag:new\r\na=ice-pwd:fresh\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=candidate:2 1 udp 2 192.0.2.9 8443 typ host\r\na=end-of-candidates\r\n";

  it("changes the way and keeps all else", () => {
    const got = answerWith(answer, fragment);
    expect(got.match(/a=ice-ufrag:new\r\na=ice-pwd:fresh\r\n/g)).toHaveLength(2);
    expect(got).not.toMatch(/abcd|secret|6000/);
    expect(got).toContain("a=mid:0\r\na=candidate:2 1 udp 2 192.0.2.9 8443 typ host\r\na=end-of-candidates\r\na=recvonly\r\n");
    const rest = (s: string) => s.split("\r\n").filter((l) => !/^a=(ice-|candidate|end-of)/.test(l));
    expect(rest(got)).toEqual(rest(answer));
  });

  it("takes no fragment without credentials", () => {
    expect(() => answerWith(answer, "a=candidate:2 1 udp 2 192.0.2.9 8443 typ host\r\n")).toThrow();
  });
});
