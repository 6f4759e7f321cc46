import { json, v1 } from "./request";

/** How the server stands. Bytes are bytes, times are those of the server. */
export interface SystemState {
  version: string;
  build: string;
  uptime_s: number;
  streams: {
    in_use: number;
    limit: number;
    rate: number;
    total_rate: number;
    rates: { over_s: number; analysed: number; dropped: number } | null;
  };
  models: Record<string, string>;
  rules: string;
  storage: {
    kind: "sqlite" | "postgresql";
    bytes: number;
    free_bytes: number | null;
    disk_bytes: number | null;
    last_backup: { at: string } | null;
    last_verification: { at: string; last_seq: number; problem: string } | null;
  } | null;
  certificate: { kind: string; expires_at: string | null };
  clock: { now: string; sane: boolean; text: string };
}

export const system = { state: () => json<SystemState>(`${v1}/system`) };
