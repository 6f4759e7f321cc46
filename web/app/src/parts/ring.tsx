/** A ring that fills up as assessable time is collected; share is 0-1. While it waits its rest is dashed. */
export function Ring({ share, label, waiting = false }: { share: number; label: string; waiting?: boolean }) {
  const r = 28;
  const all = 2 * Math.PI * r;
  return (
    <div class={waiting ? "ring waiting" : "ring"} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * share)} aria-valuetext={label}>
      <svg viewBox="0 0 64 64" aria-hidden="true">
        <circle cx="32" cy="32" r={r} class="ring-rest" />
        <circle cx="32" cy="32" r={r} class="ring-done" stroke-dasharray={`${all * Math.min(1, share)} ${all}`} transform="rotate(-90 32 32)" />
      </svg>
      <span>{label}</span>
    </div>
  );
}
