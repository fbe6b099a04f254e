// Before there is a device: the code that the shift lead shows is typed once. And after it was revoked.
import { html, useFocus, useState } from "../shared/dom.js";
import { said, t } from "../shared/i18n.js";
import { intentText } from "./conflict.js";
import { canSign, enrol, revoked } from "./device.js";

function Revoked() {
  const lost = revoked.value;
  if (!lost) return null;
  return html`<section class="card red" role="alert"><h2>${t("device.revoked")}</h2><p>${t("device.revoked_text")}</p>
    ${lost.length > 0 && html`<p><b>${t("device.lost", { n: lost.length })}</b></p><ul>${lost.map((one) => html`<li key=${one.id}>${one.no} ${intentText(one)}</li>`)}</ul>`}</section>`;
}

export function Enrol({ onEnrolled }) {
  const [code, setCode] = useState("");
  const [state, setState] = useState({ busy: false, text: null });
  const input = useFocus();
  const plain = code
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .slice(0, 8);
  const shown = plain.length > 4 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain;
  if (!canSign())
    return html`<main class="page enrol"><h1>派单</h1><section class="card red" role="alert"><p>${t("device.insecure")}</p></section></main>`;
  const send = async (event) => {
    event.preventDefault();
    setState({ busy: true, text: null });
    try {
      await enrol(shown);
      revoked.value = null;
      await onEnrolled();
    } catch (fault) {
      setState({ busy: false, text: fault.status === 401 ? t("device.wrong") : said(fault.text) });
    }
  };
  return html`<main class="page enrol"><h1>派单</h1><${Revoked} /><form class="sheet" onSubmit=${send}>
    <label class="field">${t("device.code")}<input ref=${input} class="code" value=${shown} onInput=${(event) => setCode(event.currentTarget.value)} autocomplete="one-time-code"
      autocapitalize="none" spellcheck=${false} placeholder="xxxx-xxxx" inputmode="text" /></label>
    <p class="quiet">${t("device.code_text")}</p>
    ${state.text && html`<p class="danger" role="alert">${state.text}</p>`}
    <button class="tall main" disabled=${plain.length < 8 || state.busy}>${t("device.enrol")}</button></form></main>`;
}
