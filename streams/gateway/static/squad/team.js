// The team's day, what was not carried out, and the switches of this device.
import { html, useState } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { lang, said, t } from "../shared/i18n.js";
import { theme } from "../shared/prefs.js";
import { intentText } from "./conflict.js";
import { day } from "./day.js";
import { forgetDevice } from "./device.js";
import { ended } from "./outbox.js";
import { Numbers } from "./parts.js";
import { allowPlace, placed } from "./place.js";
import { allowPush, pushed } from "./push.js";
import { ring } from "./ring.js";

const NEXT = { "": "light", light: "dark", dark: "" };

function Teams({ told }) {
  return told.teams.map(
    (
      team,
    ) => html`<section key=${team.id} class="card"><h2>${team.name} ${team.id === told.me.team ? html`<span class="me">${t("team.mine")}</span>` : null}</h2>
    <p>${team.on_duty ? `● ${t("roster.on")}` : `○ ${t("roster.off")}`}${team.leads ? ` · ${t("team.leads")}` : ""} · ${t("team.load", { n: told.squad?.teams?.[team.id] ?? 0 })}</p>
    <p><${Numbers} list=${team.officers} /></p></section>`,
  );
}

function Ended() {
  const list = ended.value;
  if (!list.length) return null;
  return html`<details class="card"><summary>${t("team.ended", { n: list.length })}</summary><ul class="plain">${list.map(
    (one) =>
      html`<li key=${one.id}>${one.no} ${intentText(one)}<br /><span class="quiet">${said(one.answer?.text) || t("team.held")}</span></li>`,
  )}</ul></details>`;
}

function Forget() {
  const [asked, setAsked] = useState(false);
  if (!asked) return html`<button class="tall" onClick=${() => setAsked(true)}>${t("device.forget")}</button>`;
  return html`<section class="card red" role="alertdialog" aria-label=${t("device.forget")}><p>${t("device.forget_text")}</p>
    <button class="tall main" onClick=${() => setAsked(false)}>${t("form.back")}</button>
    <button class="tall" onClick=${forgetDevice}>${t("device.forget")}</button></section>`;
}

export function Team() {
  const told = day.value;
  const set = (signal, value) => () => {
    signal.value = value;
  };
  return html`<main class="page">${
    told &&
    html`<h1>${told.squad?.name ?? t("account.collector")} ${told.me.officer}</h1>
    <p class="quiet">${t("team.as_of", { at: instantText(told.now) })}${told.phone ? html` · <a href=${`tel:${told.phone}`}>${t("team.leader", { phone: told.phone })}</a>` : null}</p>
    <${Teams} told=${told} />`
  }<${Ended} />
    <section class="switches-of" aria-label=${t("device.title")}>
      <button class="tall" onClick=${set(lang, lang.value === "zh" ? "en" : "zh")}>${lang.value === "zh" ? "English" : "中文"}</button>
      <button class="tall" onClick=${set(theme, NEXT[theme.value])}>${t(`theme.${theme.value || "system"}`)}</button>
      <button class="tall" onClick=${ring}>${t("device.try_sound")}</button>
      <button class="tall" aria-pressed=${placed.value} onClick=${() => allowPlace(!placed.value)}>${t(placed.value ? "device.place_on" : "device.place_off")}</button>
      ${told?.push_key && html`<button class="tall" aria-pressed=${pushed.value} onClick=${() => allowPush(told.push_key)}>${t(pushed.value ? "device.push_on" : "device.push_off")}</button>`}
      <${Forget} /></section></main>`;
}
