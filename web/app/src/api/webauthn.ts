// What the server sends and takes for passkeys is JSON with base64url (WebAuthn level 3); older browsers, such as those of
// iPads, want and give bytes.

export function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export function base64url(of: ArrayBuffer): string {
  let text = "";
  for (const b of new Uint8Array(of)) text += String.fromCharCode(b);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const described = (of: PublicKeyCredentialDescriptorJSON[] | undefined) =>
  (of ?? []).map((c) => ({ ...c, id: bytes(c.id) }) as PublicKeyCredentialDescriptor);

export const fromJSON = {
  get: (o: PublicKeyCredentialRequestOptionsJSON) =>
    ({ ...o, challenge: bytes(o.challenge), allowCredentials: described(o.allowCredentials) }) as unknown as PublicKeyCredentialRequestOptions,
  create: (o: PublicKeyCredentialCreationOptionsJSON) =>
    ({
      ...o,
      challenge: bytes(o.challenge),
      user: { ...o.user, id: bytes(o.user.id) },
      excludeCredentials: described(o.excludeCredentials),
    }) as unknown as PublicKeyCredentialCreationOptions,
};

export function toJSON(credential: Credential | null): unknown {
  const c = credential as PublicKeyCredential;
  const r = c.response as Partial<AuthenticatorAttestationResponse & AuthenticatorAssertionResponse>;
  const response: Record<string, unknown> = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"] as const) {
    const value = r[name];
    if (value) response[name] = base64url(value);
  }
  if (r.getTransports) response.transports = r.getTransports();
  return { id: c.id, rawId: base64url(c.rawId), type: c.type, response, clientExtensionResults: c.getClientExtensionResults() };
}
