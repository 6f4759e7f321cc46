import type { Role, Scale, Site } from "../model";
import { json, query, request, seen, v1 } from "./request";

/** A member of the staff, as whoever leads sees them. */
export interface Staff {
  id: string;
  name: string;
  role: Role;
  sites: string[];
  created_at: string;
  disabled_at?: string | null;
  version: number;
}

export interface Invitation {
  token: string;
  expires_at: string;
}

export interface Tablet {
  id: string;
  site_id: string;
  name: string;
  enrolled_at: string;
  revoked_at?: string | null;
}

export interface Enrolment {
  id: string;
  site_id: string;
  name: string;
  state: "pending" | "used" | "expired" | "ended";
  created_at: string;
  expires_at: string;
  used_at?: string | null;
}

export interface Instrument {
  site_id: string;
  blind: boolean;
  off: string[];
  version: number;
}

export interface ClientKey {
  id: string;
  prefix: string;
  created_at: string;
  expires_at: string;
  used_at?: string | null;
  revoked_at?: string | null;
}

export type ClientKind = "api_key" | "smart_backend";

/** A connected program. */
export interface Client {
  id: string;
  name: string;
  kind: ClientKind;
  all_sites: boolean;
  sites: string[];
  scopes: string[];
  api_keys: ClientKey[];
  created_at: string;
  used_at?: string | null;
  disabled_at?: string | null;
  version: number;
}

export interface NewClient {
  id: string;
  name: string;
  kind: ClientKind;
  scopes: string[];
  all_sites?: boolean;
  sites?: string[];
  public_key_pem?: string;
  jwks?: unknown;
}

export interface Measure {
  id: string;
  name: string;
  retired: boolean;
  version: number;
}

const send = <T>(method: "POST" | "PATCH" | "PUT", path: string, body: unknown, headers?: Record<string, string>) => json<T>(`${v1}${path}`, { method, body, ...(headers ? { headers } : {}) });

export const staff = {
  list: async () => (await json<{ users: Staff[] }>(`${v1}/users`)).users,
  add: (u: { name: string; role: Role; sites: string[] }) => send<{ user: Staff; invitation: Invitation | null }>("POST", "/users", u),
  change: (u: Staff, to: { name?: string; role?: Role; sites?: string[]; disabled?: boolean }) => send<Staff>("PATCH", `/users/${u.id}`, to, seen(u)),
  invite: async (u: Staff) => (await send<{ invitation: Invitation }>("POST", `/users/${u.id}/invitation`, {})).invitation,
};

export const homes = {
  add: (s: { name: string; zone: string }) => send<Site>("POST", "/sites", s),
  change: (s: Site, to: { name: string; zone: string }) => send<Site>("PATCH", `/sites/${s.id}`, to, seen(s)),
};

export const tablets = {
  list: async () => (await json<{ devices: Tablet[] }>(`${v1}/devices`)).devices,
  enrolments: async () => (await json<{ enrolments: Enrolment[] }>(`${v1}/devices/enrolments`)).enrolments,
  /** A code that a tablet reads from the screen. It is shown this once. */
  invite: (name: string, site: string | null) => send<{ enrolment: Enrolment; code: string; address: string }>("POST", "/devices/enrolments", { name, ...(site ? { site_id: site } : {}) }),
  withdraw: (id: string) => request(`${v1}/devices/enrolments/${id}`, { method: "DELETE" }),
  /** Enrols the tablet that this runs on. */
  enrolHere: (name: string, site: string | null) => send<{ device: Tablet }>("POST", "/devices", { name, ...(site ? { site_id: site } : {}) }),
  enrolByCode: (code: string) => send<{ device: Tablet }>("POST", "/enrol", { code }),
  revoke: (id: string) => request(`${v1}/devices/${id}`, { method: "DELETE" }),
};

export const instruments = {
  of: (site: string | null) => json<Instrument>(`${v1}/instrument${query({ site_id: site })}`),
  change: (i: Instrument, to: { blind?: boolean; off?: string[] }) => send<Instrument>("PATCH", `/instrument${query({ site_id: i.site_id })}`, to, seen(i)),
  addScale: (name: string, definition: string, site: string | null) => send<Scale>("POST", "/scales", { name, definition, ...(site ? { site_id: site } : {}) }),
};

export const measures = {
  list: async (site: string | null) => (await json<{ measures: Measure[] }>(`${v1}/measures${query({ site_id: site })}`)).measures,
  put: (id: string, to: { name: string; retired?: boolean }, site: string | null) => send<Measure>("PUT", `/measures/${id}${query({ site_id: site })}`, to),
};

export const clients = {
  list: async () => (await json<{ clients: Client[] }>(`${v1}/clients`)).clients,
  add: (c: NewClient) => send<Client>("POST", "/clients", c),
  change: (c: Client, to: { name?: string; scopes?: string[]; disabled?: boolean; public_key_pem?: string }) => send<Client>("PATCH", `/clients/${c.id}`, to, seen(c)),
  remove: (c: Client) => request(`${v1}/clients/${c.id}`, { method: "DELETE", headers: seen(c) }),
  /** An API key with its secret, which is shown this once. */
  addKey: (c: Client, expires_at?: string) => send<{ key: ClientKey; secret: string }>("POST", `/clients/${c.id}/keys`, expires_at ? { expires_at } : {}),
  revokeKey: (c: Client, key: string) => request(`${v1}/clients/${c.id}/keys/${key}`, { method: "DELETE" }),
};
