import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { t } from "../i18n";
import { speaking } from "../i18n/testing";
import { connection, Problem, request, signIn } from "./request";

beforeAll(() => speaking());

afterEach(() => {
  vi.unstubAllGlobals();
  signIn.again = null;
});

const answers = (...list: [number, string, Record<string, string>?][]) => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    const [status, body, headers] = list.shift() ?? [500, ""];
    return Promise.resolve(new Response(body, { status, ...(headers ? { headers } : {}) }));
  });
  return asked;
};

describe("request", () => {
  it("says that the server is gone, and since when, until it answers again", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
    await expect(request("/x")).rejects.toThrow(t("errors.serverGone"));
    expect(connection.value).toMatchObject({ fresh: false });
    answers([409, "{}"]);
    await request("/x").catch(() => undefined);
    expect(connection.value).toEqual({ fresh: true });
  });

  it("does not call a request that was given up a server that is gone", async () => {
    const ends = new AbortController();
    ends.abort();
    vi.stubGlobal("fetch", () => Promise.reject(new DOMException("", "AbortError")));
    await expect(request("/x", { signal: ends.signal })).rejects.toThrow(DOMException);
    expect(connection.value).toEqual({ fresh: true });
  });

  it("hands on the server's sentence and when to come again", async () => {
    answers([503, `{"code":"at_capacity","detail":"All places are taken."}`, { "Retry-After": "5" }]);
    await expect(request("/x")).rejects.toMatchObject({ message: "All places are taken.", code: "at_capacity", status: 503, retryAfter: 5 });
  });

  it("survives an answer that is no problem", async () => {
    answers([502, "<html>"]);
    const e: unknown = await request("/x").catch((e: unknown) => e);
    expect(e).toBeInstanceOf(Problem);
    expect((e as Problem).message).toBe(t("errors.odd"));
    expect((e as Problem).retryAfter).toBeNull();
  });

  it("asks again once the same person has signed in again", async () => {
    const asked = answers([401, `{"code":"sign_in"}`], [200, "{}"]);
    signIn.again = () => Promise.resolve(true);
    expect((await request("/x")).status).toBe(200);
    expect(asked).toEqual(["/x", "/x"]);
  });

  it("does not do for one person what another asked for", async () => {
    const asked = answers([401, `{"code":"sign_in","detail":"Sign in."}`]);
    signIn.again = () => Promise.resolve(false);
    await expect(request("/x")).rejects.toThrow("Sign in.");
    expect(asked).toEqual(["/x"]);
  });

  it("does not take a wrong password for a sign-in that has ended", async () => {
    answers([401, `{"code":"wrong_password","detail":"Wrong."}`]);
    signIn.again = () => Promise.reject(new Error("asked"));
    await expect(request("/x")).rejects.toThrow("Wrong.");
  });
});
