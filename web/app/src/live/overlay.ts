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

/**
 * Draws each face at the next turn of the screen, and nothing while none comes. Of two that come within one turn only the
 * newer is drawn, so the overlay falls behind neither the camera nor the screen, and the picture never waits for the drawing.
 */
export class Painter {
  private newest: { face: Face | null; judged: boolean } | null = null;
  private asked = 0; // for a turn of the screen; 0 for none
  private paint: (() => void) | null = null;

  face(face: Face | null, judged: boolean) {
    this.newest = { face, judged };
    this.ask();
  }

  /** Draws until the returned function is called. */
  over(video: HTMLVideoElement, canvas: HTMLCanvasElement): () => void {
    const paint = () => {
      this.asked = 0;
      const now = this.newest;
      if (!now || video.videoWidth === 0) return; // the next face asks again
      this.newest = null;
      if (canvas.width !== video.videoWidth || canvas.height !== video.videoHeight) {
        canvas.width = video.videoWidth;
        canvas.height = video.videoHeight;
      }
      drawFace(canvas, now.face, now.judged);
    };
    this.paint = paint;
    if (this.newest) this.ask();
    return () => {
      if (this.paint !== paint) return;
      this.paint = null;
      cancelAnimationFrame(this.asked);
      this.asked = 0;
    };
  }

  private ask() {
    if (this.paint && this.asked === 0) this.asked = requestAnimationFrame(this.paint);
  }
}
