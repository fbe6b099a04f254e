// The switches at the right of every page's head: language, light or dark, who one is, the way out.
import { html } from "./dom.js";
import { me, signOut } from "./api.js";
import { lang, t, word } from "./i18n.js";
import { theme } from "./prefs.js";

const NEXT = { "": "light", light: "dark", dark: "" };

export function Switches() {
  const who = me.value;
  return html`<span class="switches">
    <button type="button" class="link" onClick=${() => {
      lang.value = lang.value === "zh" ? "en" : "zh";
    }} title=${t("head.language")}>
      ${lang.value === "zh" ? "EN" : "中文"}</button>
    <button type="button" class="link" onClick=${() => {
      theme.value = NEXT[theme.value];
    }}>${t(`theme.${theme.value || "system"}`)}
    </button>
    ${
      who &&
      html`<span class="quiet">${who.account} · ${word("account", who.role)}</span>
      <button type="button" class="link" onClick=${signOut}>${t("head.out")}</button>`
    }
  </span>`;
}
