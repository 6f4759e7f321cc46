import { request } from "../api/request";
import type { LiveEvent, Session } from "../model";

/** The size that the server wants: more pixels only cost time. */
const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 30 } };
const gatherFor = 2000; // ms to wait for network candidates
const startRate = 1000; // kbit/s
const connectFor = 15000; // ms until video that does not flow is said to be stuck
const returnFor = 5000; // ms that an interrupted connection has to come back

export type Facing = "user" | "environment";

/** What can go wrong between a camera and the server. */
export type Fault =
  | "insecure" // the page was not opened securely: the browser has no camera for it
  | "refused" // the browser may not use the camera
  | "missing" // there is none
  | "busy" // another app has it
  | "gone" // it was there: unplugged, or taken by another app
  | "lost" // the connection to the server
  | "blocked" // video does not reach the server
  | "ended"; // the server ended the session

/** A fault, thrown. */
export class Broken extends Error {
  constructor(readonly fault: Fault) {
    super(fault);
  }
}

const faults: Record<string, Fault> = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
};

/** Opens a camera, or throws what is in the way. */
export async function openCamera(facing: Facing): Promise<MediaStream> {
  const devices = (navigator as Partial<Navigator>).mediaDevices;
  if (!devices) throw new Broken("insecure");
  try {
    return await devices.getUserMedia({ audio: false, video: { ...wanted, facingMode: facing } });
  } catch (e) {
    throw new Broken(faults[e instanceof DOMException ? e.name : ""] ?? "busy");
  }
}

export interface Handlers {
  connected: () => void;
  event: (e: LiveEvent) => void;
  failed: (fault: Fault) => void;
}

/** A camera on its way to the server. */
export interface Publication {
  /** Sends no pictures for a while, or sends them again. The camera stays on. */
  pause: (paused: boolean) => void;
  close: () => void;
}

/** Publishes a camera's picture to a session over WHIP (RFC 9725) and hands on the results. */
export async function publish(session: Session, camera: MediaStream, on: Handlers): Promise<Publication> {
  const pc = new RTCPeerConnection();
  let resource: string | null = null;
  let over = false;
  let source: EventSource | null = null;
  const timers: number[] = [];
  const close = () => {
    if (over) return;
    over = true;
    timers.forEach(clearTimeout);
    source?.close();
    pc.close();
    if (resource) void request(resource, { method: "DELETE" }).catch(() => undefined);
  };
  const fail = (fault: Fault) => {
    if (over) return;
    close();
    on.failed(fault);
  };
  const receive = (data: unknown) => {
    if (over || typeof data !== "string") return;
    const e = JSON.parse(data) as LiveEvent;
    if (e.type === "end") fail("ended");
    else on.event(e);
  };

  const track = camera.getVideoTracks()[0];
  if (!track) throw new Broken("missing");
  track.addEventListener("ended", () => fail("gone"));
  const sender = pc.addTransceiver(track, { direction: "sendonly", streams: [camera], sendEncodings: [{ maxBitrate: 1_500_000, maxFramerate: 30 }] });
  preferVP8(sender);
  // A late result is worth nothing, so nothing is sent twice and nothing waits for its turn.
  const results = pc.createDataChannel("results", { ordered: false, maxRetransmits: 0 });
  results.onmessage = (m) => receive(m.data);
  results.onclose = () => fail("lost"); // how a server that stops is noticed at once

  let met = false;
  let missed = 0;
  pc.onconnectionstatechange = () => {
    clearTimeout(missed);
    if (pc.connectionState === "failed") fail("lost");
    if (pc.connectionState === "disconnected") timers.push((missed = window.setTimeout(() => fail("lost"), returnFor)));
    if (pc.connectionState !== "connected" || met) return;
    met = true;
    on.connected();
    timers.push(
      window.setTimeout(() => {
        if (over || results.readyState === "open") return;
        source = new EventSource(session.events); // for a browser without data channels
        source.onmessage = (m) => receive(m.data);
      }, 4000),
    );
  };
  timers.push(
    window.setTimeout(() => {
      if (!met) fail("blocked");
    }, connectFor),
  );

  try {
    await keepResolution(sender.sender);
    await pc.setLocalDescription();
    await gathered(pc);
    const r = await request(session.whip, { method: "POST", body: pc.localDescription?.sdp ?? "", headers: { "Content-Type": "application/sdp", Accept: "application/sdp" } });
    resource = r.headers.get("Location");
    await pc.setRemoteDescription({ type: "answer", sdp: startFast(await r.text()) });
  } catch (e) {
    close();
    throw e;
  }
  return { close, pause: (paused) => void sender.sender.replaceTrack(paused ? null : track).catch(() => undefined) };
}

/** Puts VP8 first and keeps the rest, so that a browser without it still makes an offer that the server can explain. */
function preferVP8(t: RTCRtpTransceiver) {
  const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  const isVP8 = (c: { mimeType: string }) => c.mimeType.toLowerCase() === "video/vp8";
  if (codecs.some(isVP8)) t.setCodecPreferences([...codecs.filter(isVP8), ...codecs.filter((c) => !isVP8(c))]);
}

/**
 * Browsers make the picture smaller when they believe that the network is slow, and larger again later. Each change begins
 * with a coarse keyframe, in which a calm face was measured as one in pain for half a second. Fewer pictures are better.
 */
async function keepResolution(s: RTCRtpSender) {
  try {
    await s.setParameters({ ...s.getParameters(), degradationPreference: "maintain-resolution" });
  } catch {
    // A browser that does not know the wish goes on without it.
  }
}

/**
 * Chromium begins every call at 300 kbit/s and takes seconds to find out that there is more. In the home's network there is,
 * so the answer tells it to begin with half of the most. Others ignore the parameter.
 */
export function startFast(answer: string): string {
  const vp8 = /^a=rtpmap:(\d+) VP8\/90000\r?$/m.exec(answer)?.[1];
  if (!vp8) return answer;
  const wish = `x-google-start-bitrate=${startRate}`;
  const fmtp = new RegExp(`^(a=fmtp:${vp8} [^\\r\\n]*)`, "m");
  if (fmtp.test(answer)) return answer.replace(fmtp, `$1;${wish}`);
  return answer.replace(new RegExp(`^(a=rtpmap:${vp8} [^\\r\\n]*)(\\r?\\n)`, "m"), `$1$2a=fmtp:${vp8} ${wish}$2`);
}

function gathered(pc: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    if (pc.iceGatheringState === "complete") return resolve();
    const timer = window.setTimeout(resolve, gatherFor);
    pc.addEventListener("icegatheringstatechange", () => {
      if (pc.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}
