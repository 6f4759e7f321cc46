import { useEffect, useRef } from "preact/hooks";

import { api, me, sentence } from "./api";
import { useSignal } from "@preact/signals";
import { Trouble } from "./parts/forms";
import { route } from "./route";
import { Assessment } from "./screens/assessment";
import { Capture } from "./screens/capture";
import { Invited, SetUp, SignIn } from "./screens/door";
import { Practice, Resident } from "./screens/resident";
import { Residents } from "./screens/residents";
import { text } from "./strings";

function Screen() {
  const [screen = "", id = ""] = route.value;
  if (screen === "setup" && !me.value) return <SetUp token={id} />;
  if (screen === "invited") return <Invited token={id} />;
  if (!me.value) return <SignIn />;
  switch (screen) {
    case "r":
      return <Resident id={id} key={id} />;
    case "capture":
      return <Capture resident={id || null} key={id} />;
    case "a":
      return <Assessment id={id} key={id} />;
    case "practice":
      return <Practice />;
    default:
      return <Residents />;
  }
}

export function App() {
  const wrong = useSignal("");
  const find = () => {
    wrong.value = "";
    api.whoAmI().then(
      (u) => (me.value = u),
      (e: unknown) => {
        const said = sentence(e);
        if (said === text.errors.serverGone) wrong.value = said;
        else me.value = null;
      },
    );
  };
  useEffect(find, []);
  const [screen = ""] = route.value;
  // A keyboard or a screen reader goes on from the new screen, not from the page's top; the first screen takes no focus.
  const main = useRef<HTMLElement>(null);
  const seen = useRef(route.value);
  useEffect(() => {
    if (seen.current !== route.value) main.current?.focus();
    seen.current = route.value;
  }, [route.value]);
  return (
    <>
      <header class="top">
        <a class="brand" href="#/">
          <img src="/favicon.svg" alt="" width="32" height="32" />
          {text.product}
        </a>
        {me.value && (
          <nav>
            <a href="#/" aria-current={screen === "" || screen === "r" ? "page" : undefined}>
              {text.residents}
            </a>
            <a href="#/practice" aria-current={screen === "practice" ? "page" : undefined}>
              {text.practice}
            </a>
            <span class="who">{me.value.name}</span>
            <button onClick={() => void api.signOut().finally(() => (me.value = null))}>{text.signOut}</button>
          </nav>
        )}
      </header>
      <main ref={main} tabIndex={-1}>
        <Trouble said={wrong.value}>
          <button onClick={find}>{text.again}</button>
        </Trouble>
        {me.value === undefined ? !wrong.value && <p>{text.loading}</p> : <Screen />}
      </main>
      <footer>{text.notADevice}</footer>
    </>
  );
}
