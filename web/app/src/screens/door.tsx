import { useSignal } from "@preact/signals";

import { api, expired, me, Problem, sentence } from "../api";
import { useLoaded } from "../load";
import { Field, Trouble, values } from "../parts/forms";
import { text } from "../strings";
import { go } from "../route";

/** Makes the first administrator from the link that the server printed. */
export function SetUp({ token }: { token: string }) {
  const wrong = useSignal("");
  const field = useSignal("");
  const busy = useSignal(false);
  const submit = async (e: Event) => {
    const v = values(e);
    busy.value = true;
    wrong.value = field.value = "";
    try {
      me.value = (await api.setUp(token, v.name ?? "", v.password ?? "")).user;
      go("");
    } catch (e) {
      wrong.value = sentence(e);
      if (e instanceof Problem) field.value = e.field;
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="card narrow" onSubmit={(e) => void submit(e)}>
      <h1>{text.setUp}</h1>
      <p>{text.setUpLead}</p>
      <Trouble said={wrong.value} />
      <Field label={text.yourName} name="name" autocomplete="username" required wrong={field.value === "name"} />
      <Field label={text.newPassword} name="password" type="password" autocomplete="new-password" required maxLength={200} hint={text.passwordHint} wrong={field.value === "password"} />
      <button class="main" disabled={busy.value}>
        {text.setUpButton}
      </button>
    </form>
  );
}

/** Lets whoever was invited choose a password, and signs them in. */
export function Invited({ token }: { token: string }) {
  const wrong = useSignal("");
  const busy = useSignal(false);
  const submit = async (e: Event) => {
    const v = values(e);
    busy.value = true;
    wrong.value = "";
    try {
      me.value = (await api.acceptInvitation(token, v.password ?? "")).user;
      go("");
    } catch (e) {
      wrong.value = sentence(e);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="card narrow" onSubmit={(e) => void submit(e)}>
      <h1>{text.invited}</h1>
      <p>{text.invitedLead}</p>
      <Trouble said={wrong.value} />
      <Field label={text.newPassword} name="password" type="password" autocomplete="new-password" required maxLength={200} hint={text.passwordHint} />
      <button class="main" disabled={busy.value}>
        {text.invitedButton}
      </button>
    </form>
  );
}

export function SignIn() {
  const wrong = useSignal("");
  const busy = useSignal(false);
  const { value: needed } = useLoaded(api.setUpNeeded, "setup");
  const submit = async (e: Event) => {
    const v = values(e);
    busy.value = true;
    wrong.value = "";
    try {
      me.value = (await api.signIn(v.name ?? "", v.password ?? "")).user;
      expired.value = false;
    } catch (e) {
      wrong.value = sentence(e);
    } finally {
      busy.value = false;
    }
  };
  if (needed.value) {
    return (
      <section class="card narrow">
        <h1>{text.setUp}</h1>
        <p>{text.setUpWanted}</p>
      </section>
    );
  }
  return (
    <form class="card narrow" onSubmit={(e) => void submit(e)}>
      <h1>{text.signIn}</h1>
      <p>{text.claim}.</p>
      {expired.value && <p class="note">{text.signedOut}</p>}
      <Trouble said={wrong.value} />
      <Field label={text.name} name="name" autocomplete="username" required />
      <Field label={text.password} name="password" type="password" autocomplete="current-password" required maxLength={200} />
      <button class="main" disabled={busy.value}>
        {text.signIn}
      </button>
    </form>
  );
}
