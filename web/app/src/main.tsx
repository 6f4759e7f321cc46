import { render } from "preact";

import { App } from "./app";
import { startAppearance } from "./appearance";
import { startLanguage } from "./i18n";
import "./style/index.css";

startAppearance();
await startLanguage();
const root = document.getElementById("app");
if (root) render(<App />, root);
