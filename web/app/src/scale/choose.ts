import type { Scale } from "../model";

/** The scales that a home uses. */
export function inUse(scales: readonly Scale[]): Scale[] {
  return scales.filter((s) => s.enabled !== false);
}

/** Those that can be filled in after a capture: somebody else watches, and the camera may propose something. */
export function cameraScales(scales: readonly Scale[]): Scale[] {
  return inUse(scales).filter((s) => s.kind === "observation");
}

/** What is offered first where nothing was asked for: PAINAD where the home uses it. */
export function usualScale(scales: readonly { id: string }[]): string {
  return (scales.find((s) => s.id === "painad") ?? scales[0])?.id ?? "";
}
