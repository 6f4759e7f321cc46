// Chromium on a network that loses packets: what is lost comes again on a stream of its own (RTX), although the tablet's address is hidden
// behind an mDNS name.
import { createSocket } from "node:dgram";

import { afterAll, beforeAll, expect, it } from "vitest";

import { openBrowser, openPage, setUpQuickly, startServer } from "./stage.mjs";

let server, browser, page;

beforeAll(async () => {
  server = await startServer();
  browser = await openBrowser(); // Chromium's own test picture
  page = await openPage(browser, server);
  await setUpQuickly(page, server);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  expect(await server?.stop()).toBe(0);
});

/** Carries datagrams to the server's port and back; of the video that goes there every tenth packet is lost. */
async function lossyRelay(port) {
  const front = createSocket("udp4");
  const back = createSocket("udp4");
  const seen = { video: new Map(), lost: 0, largest: { up: 0, down: 0 } };
  let tablet = null;
  let n = 0;
  front.on("message", (b, from) => {
    tablet = from;
    seen.largest.up = Math.max(seen.largest.up, b.length);
    if (b.length >= 12 && b[0] >> 6 === 2 && (b[1] & 0x7f) >= 96) {
      const type = b[1] & 0x7f;
      seen.video.set(type, (seen.video.get(type) ?? 0) + 1);
      if (n++ % 10 === 9) return seen.lost++;
    }
    back.send(b, port, "127.0.0.1");
  });
  back.on("message", (b) => {
    seen.largest.down = Math.max(seen.largest.down, b.length);
    if (tablet) front.send(b, tablet.port, tablet.address);
  });
  await new Promise((done) => front.bind(0, "127.0.0.1", done));
  return { seen, port: front.address().port, close: () => (front.close(), back.close()) };
}

/** Publishes from the page through the relay, as the app does it, and tells what the browser knows of it. */
function publish(relayPort, names) {
  return page.evaluate(
    async ({ relayPort, names }) => {
      const post = (path, body, type = "application/json") => fetch(path, { method: "POST", headers: { "Content-Type": type }, body });
      const made = async (r) => (r.ok ? r.json() : Promise.reject(new Error(await r.text())));
      const resident = await made(await post("/api/v1/residents", JSON.stringify({ name: "Dora Elm", room: "7", consent: "given" })));
      const session = await made(await post("/api/v1/sessions", JSON.stringify({ resident_id: resident.id, condition: "rest" })));
      const camera = await window.navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 30 } });
      const pc = new RTCPeerConnection();
      const results = pc.createDataChannel("results", { ordered: false, maxRetransmits: 0 });
      let frames = 0;
      results.onmessage = (m) => (frames += JSON.parse(m.data).type === "frame" ? 1 : 0);
      const t = pc.addTransceiver(camera.getVideoTracks()[0], { direction: "sendonly" });
      await pc.setLocalDescription();
      await new Promise((done) => (pc.iceGatheringState === "complete" ? done() : (pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done())));
      // Of the tablet's addresses only names are told, as where there is no permission for a camera.
      let offer = pc.localDescription.sdp.replace(/^a=candidate:.*\r\n/gm, "");
      offer = offer.replace(/^(a=mid:.*\r\n)/m, `$1${names.map((n, i) => `a=candidate:${i + 1} 1 udp 2113937151 ${n} 50001 typ host generation 0\r\n`).join("")}`);
      const r = await post(session.whip, offer, "application/sdp");
      if (!r.ok) throw new Error(await r.text());
      const answer = await r.text();
      let relay = `a=candidate:1 1 udp 2130706431 127.0.0.1 ${relayPort} typ host\r\n`; // instead of all others
      const detour = answer.replace(/^a=candidate:.*\r\n/gm, () => {
        const line = relay;
        relay = "";
        return line;
      });
      await pc.setRemoteDescription({ type: "answer", sdp: detour });
      let out;
      for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((done) => setTimeout(done, 100))) {
        out = [...(await t.sender.getStats()).values()].find((s) => s.type === "outbound-rtp");
        if (out?.retransmittedPacketsSent >= 10 && frames >= 30) break;
      }
      pc.close();
      camera.getTracks().forEach((t) => t.stop());
      return { frames, answer, retransmitted: out?.retransmittedPacketsSent };
    },
    { relayPort, names },
  );
}

it("sends lost packets again on a stream of their own, from an address that has only a name", { timeout: 60_000 }, async () => {
  const relay = await lossyRelay(Number(new URL(server.url).port));
  try {
    const { frames, answer, retransmitted } = await publish(relay.port, ["0f0a5f3c-3f2a-4c66-9d0a-3d5b8f0a9f11.local", "1b0a5f3c-3f2a-4c66-9d0a-3d5b8f0a9f12.local"]);
    console.log(`${retransmitted} packets sent again, ${frames} results; of the datagrams the largest had so many bytes:`, relay.seen.largest);
    expect(frames).toBeGreaterThanOrEqual(30);
    expect(retransmitted).toBeGreaterThanOrEqual(10);
    const types = [...answer.matchAll(/^a=rtpmap:(\d+) rtx\/90000/gm)].map((m) => Number(m[1]));
    expect(types.some((type) => relay.seen.video.get(type) >= 10)).toBe(true);
  } finally {
    relay.close();
  }
});
