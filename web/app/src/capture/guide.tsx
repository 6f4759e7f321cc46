import type { Hint } from "./hint";

/**
 * The frame to put the face in: a calm oval that is dashed while something is in the way and whole when the face can be judged.
 * An arrow shows where the face has to go. It is drawn over the picture, which may be mirrored.
 */
export function Guide({ hint, mirrored }: { hint: Hint; mirrored: boolean }) {
  const good = hint.state === "scored";
  const way = hint.toward && ([(mirrored ? -1 : 1) * hint.toward[0], hint.toward[1]] as const);
  return (
    <svg class={good ? "guide good" : "guide"} viewBox="0 0 100 100" preserveAspectRatio="xMidYMid meet" aria-hidden="true">
      <ellipse cx="50" cy="50" rx="30" ry="41" class="guide-shade" />
      <ellipse cx="50" cy="50" rx="30" ry="41" class="guide-line" />
      {hint.advice && hint.icon === "closer" && <path class="guide-arrow" d="M28 24l-7-7m0 6v-6h6M72 24l7-7m0 6v-6h-6M28 76l-7 7m0-6v6h6M72 76l7 7m0-6v6h-6" />}
      {hint.advice && hint.icon === "turn" && <path class="guide-arrow" d="M24 52c4 12 48 12 52 0m-7 2 7-2 2 7M31 54l-7-2-2 7" />}
      {way && <path class="guide-arrow" d="M-9 0H9m-6-6 6 6-6 6" transform={`translate(${50 + 20 * way[0]} ${50 + 28 * way[1]}) rotate(${(Math.atan2(way[1], way[0]) * 180) / Math.PI})`} />}
    </svg>
  );
}
