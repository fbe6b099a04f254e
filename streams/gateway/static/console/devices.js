// The desk's devices: who carries one, a code for a new one, and the end of one that was lost. A code is shown once, large,
// to be typed by who stands beside; when this is closed nobody sees it again.
/** @typedef {{account:string, role:string, squad:string, officer:string, enrolled:boolean, disabled:boolean, until:number,
 *   changed_at:number}} Device */
import { html, useEffect, useFocus, useState } from "../shared/dom.js";
import { drop, Fault, get, me, post } from "../shared/api.js";
import { instantText, ticking } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { squadName } from "../shared/names.js";

export const mayEnrol = () => Boolean(me.value?.may.includes("devices"));

const EVERY = 3_000;
const ROLES = ["squad", "leader", "collector"];
const STATES = ["waiting", "enrolled", "revoked"];

/** Codes and keys are of people's clocks, not of the city's. */
const wallText = (at) => instantText(at, Date.now());

/** @param {Device} device */
const stateOf = (device) => (device.disabled ? "revoked" : device.enrolled ? "enrolled" : "waiting");
const MARKS = { waiting: "◔", enrolled: "●", revoked: "✕" };

function useDevices(fail) {
  const [devices, setDevices] = useState(null);
  const read = () => get("/api/devices").then((told) => setDevices(told.devices), fail);
  useEffect(() => {
    read();
    const timer = setInterval(read, EVERY); // a code is typed elsewhere
    return () => clearInterval(timer);
  }, []);
  return { devices, read };
}

/** The code, until it was used or is over. */
function Code({ code, used }) {
  ticking();
  const over = Date.now() > code.until;
  if (used) return html`<p class="note good" role="status">✓ ${t("devices.used", code)}</p>`;
  if (over) return html`<p class="note" role="status">${t("devices.over", code)}</p>`;
  return html`<div class="code" role="status"><p><b>${code.code}</b></p>
    <p>${t("devices.valid", { officer: code.officer, at: wallText(code.until) })}</p><p class="quiet">${t("devices.once")}</p></div>`;
}

/** Enter twice: once to say which, once to mean it. */
function Revoke({ device, armed, arm, revoke }) {
  return html`<button class=${armed ? "danger" : ""} aria-label=${t(armed ? "devices.really_of" : "devices.revoke_of", device)}
    onClick=${() => (armed ? revoke(device) : arm(device.account))} onBlur=${() => arm("")}>${t(armed ? "devices.really" : "devices.revoke")}</button>`;
}

function List({ devices, armed, arm, revoke }) {
  const rank = (device) => STATES.indexOf(stateOf(device));
  const sorted = [...devices].sort((a, b) => rank(a) - rank(b) || (a.officer < b.officer ? -1 : 1));
  if (!sorted.length) return html`<p class="quiet">${t("devices.nobody")}</p>`;
  return html`<table><thead><tr><th>${t("field.officer")}</th><th>${t("handover.squad")}</th><th>${t("devices.role")}</th><th>${t("clock.state")}</th>
    <th>${t("devices.since")}</th><th><span class="only-read">${t("devices.revoke")}</span></th></tr></thead><tbody>${sorted.map((device) => {
      const state = stateOf(device);
      return html`<tr key=${device.account} class=${state === "revoked" ? "quiet" : ""}><td><b>${device.officer}</b></td><td>${squadName(device.squad)}</td>
        <td>${word("account", device.role)}</td><td class="nowrap"><span aria-hidden="true">${MARKS[state]}</span> ${t(`devices.${state}`)}
        ${state === "waiting" && device.until ? t("devices.until", { at: wallText(device.until) }) : ""}</td>
        <td class="nowrap">${wallText(device.changed_at)}</td>
        <td>${!device.disabled && html`<${Revoke} device=${device} armed=${armed === device.account} arm=${arm} revoke=${revoke} />`}</td></tr>`;
    })}</tbody></table>`;
}

function Roles({ role, pick }) {
  return html`<fieldset class="inline"><legend class="only-read">${t("devices.role")}</legend>${ROLES.map(
    (one) => html`<label key=${one}><input type="radio" name="role" value=${one} checked=${role === one} onChange=${() => pick(one)} /> ${word("account", one)}
    </label>`,
  )}</fieldset>`;
}

export function Devices({ close }) {
  const first = useFocus();
  const [role, setRole] = useState("squad");
  const [officer, setOfficer] = useState("");
  const [code, setCode] = useState(null);
  const [armed, setArmed] = useState("");
  const [fault, setFault] = useState(null);
  const fail = (problem) => {
    if (!(problem instanceof Fault)) throw problem;
    setFault(problem);
  };
  const { devices, read } = useDevices(fail);
  const act = async (what) => {
    setFault(null);
    await what().catch(fail);
    read();
  };
  const add = (event) => {
    event.preventDefault();
    const number = officer.trim();
    if (!number) return;
    act(async () => {
      setCode({ ...(await post("/api/devices", { role, officer: number })), officer: number });
      setOfficer("");
    });
  };
  const revoke = (device) =>
    act(async () => {
      await drop(`/api/devices/${encodeURIComponent(device.account)}`);
      setArmed("");
      first.current?.focus();
    });
  const typed = officer.trim().toLowerCase();
  const shown = (devices ?? []).filter((device) => device.officer.toLowerCase().includes(typed));
  const used = code && (devices ?? []).some((device) => device.account === code.account && device.enrolled);
  return html`<section class="form wide devices" role="dialog" aria-modal="true" aria-label=${t("devices.title")} onKeyDown=${(event) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
  }}><h2>${t("devices.title")}</h2>
    <form class="inline" onSubmit=${add}><${Roles} role=${role} pick=${setRole} />
      <input ref=${first} value=${officer} onInput=${(event) => setOfficer(event.currentTarget.value)} aria-label=${t("field.officer")}
        placeholder=${t("devices.number")} autocomplete="off" maxlength="64" /><button class="first"><kbd>⏎</kbd>${t("devices.add")}</button></form>
    ${fault && html`<p class="note bad" role="alert">✕ ${said(fault.text)}</p>`}
    ${code && html`<${Code} code=${code} used=${used} />`}
    ${devices ? html`<${List} devices=${shown} armed=${armed} arm=${setArmed} revoke=${revoke} />` : html`<p class="quiet">${t("list.loading")}</p>`}
    <p class="quiet foot">${t("devices.keys")}<button onClick=${close}><kbd>Esc</kbd>${t("form.close")}</button></p></section>`;
}
