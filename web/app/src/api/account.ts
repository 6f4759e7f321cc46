import { computed, signal } from "@preact/signals";

import type { Method, Passkey, Person, Role, Site, User } from "../model";
import { json, request, signIn, v1 } from "./request";
import { fromJSON, toJSON } from "./webauthn";

/** Who is signed in; undefined while that is not known yet. */
export const me = signal<User | null | undefined>(undefined);
/** How they signed in: a PIN does not open everything. */
export const method = signal<Method>("password");
/** Whether somebody was signed out by the server while at work: their screen stays, and goes on when they sign in again. */
export const expired = signal(false);

/** Whether one of these roles is signed in. */
export function is(...roles: Role[]): boolean {
  return !!me.value && roles.includes(me.value.role);
}

export const inCharge = computed(() => is("nurse", "manager", "admin"));
export const leading = computed(() => is("manager", "admin"));

interface SignedIn {
  user: User;
  method?: Method;
  expires_at?: string;
  idle_seconds?: number;
}

/** How long the sign-in lasts: what is kept on the tablet for work without the network lasts no longer. */
export const life = signal<{ endsAt: number; idleMs: number; method: Method } | null>(null);

let waiting: ((same: boolean) => void)[] = [];

signIn.again = () => {
  if (!me.peek()) return Promise.resolve(false);
  expired.value = true;
  return new Promise((resolve) => waiting.push(resolve));
};

/** Notes who is signed in now. Screens of somebody else are dropped; one's own go on where they were. */
function enter(s: SignedIn): User {
  const before = me.peek();
  const same = !before || before.id === s.user.id;
  if (!same) location.hash = "#/";
  me.value = s.user;
  method.value = s.method ?? "password";
  if (s.expires_at && s.idle_seconds) life.value = { endsAt: Date.parse(s.expires_at), idleMs: s.idle_seconds * 1000, method: method.value };
  expired.value = false;
  waiting.forEach((go) => go(same));
  waiting = [];
  return s.user;
}

/** Goes on with a sign-in that the tablet knows of, while the server does not answer. */
export function returnTo(s: { user: User; method: Method; endsAt: number; idleMs: number }) {
  life.value = { endsAt: s.endsAt, idleMs: s.idleMs, method: s.method };
  method.value = s.method;
  me.value = s.user;
}

/** Nobody is signed in any more. */
export function leave() {
  me.value = null;
  expired.value = false;
  waiting.forEach((go) => go(false));
  waiting = [];
}

const post = <T>(path: string, body: unknown) => json<T>(`${v1}${path}`, { method: "POST", body });

export const account = {
  /** Whether there is nobody yet, and which ways in there are beside the password. */
  ways: () => json<{ needed: boolean; passkeys: boolean; provider: boolean }>(`${v1}/setup`),
  setUp: async (token: string, name: string, password: string) => enter(await post<SignedIn>("/setup", { token, name, password })),
  acceptInvitation: async (token: string, password: string) => enter(await post<SignedIn>("/invitation", { token, password })),
  signIn: async (name: string, password: string) => enter(await post<SignedIn>("/login", { name, password })),
  /** Who can sign in on this tablet with a PIN; a Problem `not_enrolled` where it is not enrolled. */
  people: () => json<{ device: { id: string; name: string; site_id: string }; people: Person[] }>(`${v1}/login/people`),
  signInPIN: async (user_id: string, pin: string) => enter(await post<SignedIn>("/login/pin", { user_id, pin })),
  signInPasskey: async () => {
    const { ceremony, options } = await post<{ ceremony: string; options: { publicKey: PublicKeyCredentialRequestOptionsJSON } }>("/login/passkey/options", {});
    const credential = await navigator.credentials.get({ publicKey: fromJSON.get(options.publicKey) });
    return enter(await post<SignedIn>("/login/passkey", { ceremony, credential: toJSON(credential) }));
  },
  providerAddress: `${v1}/login/provider`,
  signOut: () => request(`${v1}/logout`, { method: "POST" }).finally(leave),
  whoAmI: async () => {
    const kept = signIn.again;
    signIn.again = null; // asking who one is must not ask to sign in
    try {
      return enter(await json<SignedIn>(`${v1}/me`));
    } finally {
      signIn.again = kept;
    }
  },
  changePassword: (password: string, new_password: string) => request(`${v1}/me/password`, { method: "PUT", body: { password, new_password } }),
  setPIN: (pin: string) => request(`${v1}/me/pin`, { method: "PUT", body: { pin } }),
  removePIN: () => request(`${v1}/me/pin`, { method: "DELETE" }),
  passkeys: async () => (await json<{ passkeys: Passkey[] }>(`${v1}/me/passkeys`)).passkeys,
  addPasskey: async (name: string) => {
    const { ceremony, options } = await post<{ ceremony: string; options: { publicKey: PublicKeyCredentialCreationOptionsJSON } }>("/me/passkeys/options", {});
    const credential = await navigator.credentials.create({ publicKey: fromJSON.create(options.publicKey) });
    return post<Passkey>("/me/passkeys", { ceremony, name, credential: toJSON(credential) });
  },
  removePasskey: (id: string) => request(`${v1}/me/passkeys/${id}`, { method: "DELETE" }),
  sites: async () => (await json<{ sites: Site[] }>(`${v1}/sites`)).sites,
};
