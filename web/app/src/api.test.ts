import { afterEach, describe, expect, it, vi } from "vitest";

import { expired, me, newID, Problem, request } from "./api";
import { text } from "./strings";

afterEach(() => {
  vi.unstubAllGlobals();
  me.value = undefined;
  expired.value = false;
});

const answer = (status: number, body: string) => vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status })));

describe("newID", () => {
  it("makes UUIDs of version 7 that sort by time", () => {
    expect(newID()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newID(1000) < newID(2000)).toBe(true);
    expect(newID(0x0123456789ab).startsWith("01234567-89ab-7")).toBe(true);
  });
});

describe("request", () => {
  it("says that the server is gone", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
    await expect(request("/x")).rejects.toThrow(text.errors.serverGone);
  });

  it("hands on the server's sentence", async () => {
    answer(409, `{"code":"stream_conflict","detail":"Another tablet is sending."}`);
    await expect(request("/x")).rejects.toMatchObject({ message: "Another tablet is sending.", code: "stream_conflict", status: 409 });
  });

  it("survives an answer that is no problem", async () => {
    answer(502, "<html>");
    const e: unknown = await request("/x").catch((e: unknown) => e);
    expect(e).toBeInstanceOf(Problem);
    expect((e as Problem).message).toBe(text.errors.odd);
  });

  it("signs out when the sign-in has ended", async () => {
    me.value = { id: "u", name: "Ann", role: "carer" };
    answer(401, `{"code":"sign_in","detail":"Sign in again."}`);
    await expect(request("/x")).rejects.toThrow("Sign in again.");
    expect(me.value).toBeNull();
    expect(expired.value).toBe(true);
  });
});
