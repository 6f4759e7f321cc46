// AES-256-GCM with keys that scripts cannot read out. What a sealed text belongs to is bound to it, so that a row that was
// moved or renamed does not open.

export interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

export function newKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

const bytes = (s: string) => new TextEncoder().encode(s);

/** Seals a value under what it belongs to. */
export async function seal(key: CryptoKey, belongs: string, value: unknown): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(belongs) }, key, bytes(JSON.stringify(value)));
  return { iv, data };
}

/** Opens what was sealed; fails where the key, the text or what it belongs to is another. */
export async function unseal(key: CryptoKey, belongs: string, s: Sealed): Promise<unknown> {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: s.iv, additionalData: bytes(belongs) }, key, s.data);
  return JSON.parse(new TextDecoder().decode(plain)) as unknown;
}
