import { type Options, request, v1 } from "../api/request";
import type { LiveEvent, Session } from "../model";
import { Hold } from "./hold";
import { answerWith, fragmentOf, iceServers } from "./whip";

/** The size that the server wants: more pixels only cost time. */
const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 30 } };
const gatherFor = 2000; // ms to wait for network candidates
const gatherAgainFor = 500; // the same in a restart, in which the server has said where it is
const directFor = 2000; // ms until the servers that help are made use of
const answerFor = 4000; // ms that the server has to answer a restart
const quietFor = 2500; // ms without a result, after which it is asked whether it is there: a browser takes seven seconds to notice
const startRate = 1000; // kbit/s
const connectFor = 15000; // ms until video that does not flow is said to be stuck

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
  /** Nothing gets through; the place is held until then, in ms since 1970. */
  interrupted: (until: number) => void;
  /** It goes on where it was. */
  resumed: () => void;
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
  let met = false;
  let paused = false;
  let heard = 0; // when a result came last, or the server was asked
  let helped = false; // the server has named others that help to reach it
  let source: EventSource | null = null;
  const timers: number[] = [];
  const goes = () => {
    if (met && !over) hold.begin();
  };
  const comes = () => hold.hurry();
  const close = () => {
    if (over) return;
    over = true;
    timers.forEach(clearTimeout);
    hold.close();
    window.removeEventListener("offline", goes);
    window.removeEventListener("online", comes);
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
    heard = Date.now();
    hold.heard();
    if (e.type === "end") fail("ended");
    else on.event(e);
  };
  const listen = () => {
    source = new EventSource(session.events);
    source.onmessage = (m) => receive(m.data);
  };
  const goAnew = async () => {
    if (!resource || over) return;
    const offer = await pc.createOffer({ iceRestart: true });
    const found = candidates(pc, gatherAgainFor);
    await pc.setLocalDescription(offer);
    await found;
    try {
      const headers = { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*" };
      const [r, fragment] = await answered(resource, { method: "PATCH", body: fragmentOf(pc.localDescription?.sdp ?? ""), headers });
      const sdp = answerWith(pc.remoteDescription?.sdp ?? "", fragment);
      help(pc, r); // whose names for the time before are good for an hour
      await pc.setRemoteDescription({ type: "answer", sdp });
    } catch (e) {
      await pc.setLocalDescription({ type: "rollback" }).catch(() => undefined);
      throw e;
    }
    if (pc.connectionState === "connected") hold.end();
  };
  let last: Promise<unknown> = Promise.resolve();
  const restart = () => {
    const mine = last.catch(() => undefined).then(goAnew); // one after the other
    last = mine;
    return mine;
  };
  const hold = new Hold({
    restart,
    interrupted: on.interrupted,
    resumed: () => {
      if (source?.readyState === EventSource.CLOSED) listen();
      on.resumed();
    },
    lost: () => fail("lost"),
  });

  const track = camera.getVideoTracks()[0];
  if (!track) throw new Broken("missing");
  track.addEventListener("ended", () => fail("gone"));
  const sender = pc.addTransceiver(track, { direction: "sendonly", streams: [camera], sendEncodings: [{ maxBitrate: 1_500_000, maxFramerate: 30 }] });
  preferVP8(sender);
  // A late result is worth nothing, so nothing is sent twice and nothing waits for its turn.
  const results = pc.createDataChannel("results", { ordered: false, maxRetransmits: 0 });
  results.onmessage = (m) => receive(m.data);
  results.onclose = () => fail("lost"); // how a server that stops is noticed at once

  pc.onconnectionstatechange = () => {
    switch (pc.connectionState) {
      case "disconnected":
        return goes();
      case "failed":
        if (!met && !helped) fail("lost");
        return goes();
      case "connected":
        hold.end();
        if (met) return;
        met = true;
        heard = Date.now();
        on.connected();
        timers.push(window.setTimeout(() => !over && results.readyState !== "open" && listen(), 4000)); // for a browser without data channels
    }
  };
  timers.push(
    window.setInterval(() => {
      if (!met || paused || hold.on || Date.now() - heard < quietFor) return;
      heard = Date.now();
      answered(`${v1}/sessions/${session.id}`, {}).catch(goes);
    }, 500),
  );
  window.addEventListener("offline", goes);
  window.addEventListener("online", comes);
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
    helped = help(pc, r);
    // They are only asked where it does not go without: gathering at them would make every start slower.
    if (helped) timers.push(window.setTimeout(() => !met && void restart().catch(() => undefined), directFor));
  } catch (e) {
    close();
    throw e;
  }
  const pause = (wanted: boolean) => {
    paused = wanted;
    heard = Date.now();
    void sender.sender.replaceTrack(paused ? null : track).catch(() => undefined);
  };
  return { close, pause };
}

/** Asks the server and does not wait for long. */
async function answered(path: string, o: Options): Promise<[Response, string]> {
  const giveUp = new AbortController();
  const timer = window.setTimeout(() => giveUp.abort(), answerFor);
  try {
    const r = await request(path, { ...o, signal: giveUp.signal });
    return [r, await r.text()];
  } finally {
    clearTimeout(timer);
  }
}

/** Takes over the servers that help a tablet to reach this one, from an answer that names any, for the next time that a way is looked for. */
function help(pc: RTCPeerConnection, r: Response): boolean {
  const servers = iceServers(r.headers.get("Link"));
  if (servers.length === 0) return false;
  try {
    pc.setConfiguration({ ...pc.getConfiguration(), iceServers: servers });
    return true;
  } catch {
    return false; // an address that the browser does not understand: it goes on without
  }
}

/** Waits for the candidates of a restart, but not for long. */
function candidates(pc: RTCPeerConnection, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      pc.removeEventListener("icecandidate", found);
      resolve();
    };
    const found = (e: RTCPeerConnectionIceEvent) => {
      if (!e.candidate) done();
    };
    const timer = window.setTimeout(done, ms);
    pc.addEventListener("icecandidate", found);
  });
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
