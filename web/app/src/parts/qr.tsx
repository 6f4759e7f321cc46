import { useMemo } from "preact/hooks";
import { encode } from "uqr";

/** A QR code of an address, dark on light whatever the page's colours are: cameras want it so. */
export function QR({ of, label }: { of: string; label: string }) {
  const { size, path } = useMemo(() => {
    const { size, data } = encode(of, { border: 2 });
    const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
    return { size, path };
  }, [of]);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
