import { expect, it } from "vitest";

import { openRound } from "./notice";

function tablet(...pages: { focused?: boolean; visibilityState?: string }[]) {
  const did: string[] = [];
  const clients = {
    matchAll: (o: ClientQueryOptions) =>
      Promise.resolve(
        o.type !== "window"
          ? []
          : pages.map((p, i) => ({
              focused: false,
              visibilityState: "hidden",
              ...p,
              postMessage: (m: string) => did.push(`${i} is told ${m}`),
              focus: () => Promise.resolve(did.push(`${i} comes to the front`)),
            })),
      ),
    openWindow: (url: string) => Promise.resolve(did.push(`${url} is opened`)),
  };
  return { clients: clients as unknown as Clients, did };
}

it.each([
  ["opens the app where no page of it is open", [], ["/#/ is opened"]],
  ["brings a page to the front that was in the back", [{}], ["0 is told round", "0 comes to the front"]],
  ["prefers the page that is looked at", [{}, { visibilityState: "visible" }], ["1 is told round", "1 comes to the front"]],
  ["prefers the page that is worked in", [{ visibilityState: "visible" }, { visibilityState: "visible", focused: true }], ["1 is told round", "1 comes to the front"]],
])("%s", async (_, pages, wanted) => {
  const { clients, did } = tablet(...pages);
  await openRound(clients);
  expect(did).toEqual(wanted);
});
