import type { Face } from "../model";

/** The lines that the server's outline points make, in their order: how many points, and whether the line closes. */
const lines: [number, boolean][] = [
  [16, true], // outline
  [3, false], // brows
  [3, false],
  [6, true], // eyes
  [6, true],
  [4, false], // nose
  [6, true], // lips, outer
  [4, true], // lips, inner
];

/** Draws the face's box and lines over the picture; with no face it only clears. Colours come from the canvas's style. */
export function drawFace(canvas: HTMLCanvasElement, face: Face | null, judged: boolean) {
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  const { width, height } = canvas;
  ctx.clearRect(0, 0, width, height);
  if (!face) return;
  const style = getComputedStyle(canvas);
  ctx.lineWidth = Math.max(2, width / 320);
  ctx.strokeStyle = style.getPropertyValue("--overlay-bad");
  // A face that cannot be judged has a dashed box; one that can has none, so that the picture stays calm.
  if (!judged) {
    ctx.setLineDash([width / 60, width / 80]);
    const [x, y, w, h] = face.box;
    ctx.strokeRect(x * width, y * height, w * width, h * height);
    ctx.setLineDash([]);
  }
  ctx.lineWidth = Math.max(1, width / 480);
  ctx.strokeStyle = style.getPropertyValue("--overlay-line");
  let at = 0;
  for (const [n, closed] of lines) {
    if (2 * (at + n) > face.points.length) return;
    ctx.beginPath();
    for (let i = at; i < at + n; i++) ctx.lineTo((face.points[2 * i] ?? 0) * width, (face.points[2 * i + 1] ?? 0) * height);
    if (closed) ctx.closePath();
    ctx.stroke();
    at += n;
  }
}

/** Draws each face over a video as soon as it comes: some lines, which cost less than to wait for the screen's turn would. */
export class Painter {
  private on: { video: HTMLVideoElement; canvas: HTMLCanvasElement } | null = null;

  face(face: Face | null, judged: boolean) {
    if (!this.on || this.on.video.videoWidth === 0) return;
    const { video, canvas } = this.on;
    if (canvas.width !== video.videoWidth || canvas.height !== video.videoHeight) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
    }
    drawFace(canvas, face, judged);
  }

  /** Draws there until the returned function is called. */
  over(video: HTMLVideoElement, canvas: HTMLCanvasElement): () => void {
    const on = { video, canvas };
    this.on = on;
    return () => {
      if (this.on === on) this.on = null;
    };
  }
}
