import { render } from "preact";

import { source } from "./api/source";
import { App } from "./app";
import { startAppearance } from "./appearance";
import { startLanguage } from "./i18n";
import { able, openDesk } from "./offline/desk";
import { local, prepareWithSignIn } from "./offline/source";
import { startUpdates } from "./offline/update";
import "./style/index.css";

startAppearance();
await Promise.all([startLanguage(), openDesk()]);
if (able.value) {
  source.value = local;
  prepareWithSignIn();
}
const root = document.getElementById("app");
if (root) render(<App />, root);
void startUpdates().then((installed) => {
  if (!installed) able.value = false;
});
