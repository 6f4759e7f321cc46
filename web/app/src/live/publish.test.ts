import { describe, expect, it } from "vitest";

import { startFast } from "./publish";

describe("startFast", () => {
  it("adds the wish to VP8 and leaves the rest alone", () => {
    const sdp = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
    expect(startFast(sdp)).toBe(sdp.replace("VP8/90000\r\n", "VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1000\r\n"));
  });

  it("adds it to parameters that are there", () => {
    expect(startFast("a=rtpmap:96 VP8/90000\na=fmtp:96 max-fs=1200\n")).toBe("a=rtpmap:96 VP8/90000\na=fmtp:96 max-fs=1200;x-google-start-bitrate=1000\n");
  });

  it("leaves an answer without VP8 alone", () => {
    expect(startFast("a=rtpmap:96 H264/90000\r\n")).toBe("a=rtpmap:96 H264/90000\r\n");
  });
});
