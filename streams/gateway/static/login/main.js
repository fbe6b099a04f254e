// Signing in: account, password, and the one-time code where the account has one. Afterwards on to where one came from.
import { html, render, useFocus, useState } from "../shared/dom.js";
import { Fault, me, post } from "../shared/api.js";
import { Switches } from "../shared/bar.js";
import { said, t } from "../shared/i18n.js";

const HOMES = { unit: "/unit", wall: "/wall" };

/** Only a path of ours: the address bar is somebody else's text. */
function destination(role) {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  return ["/console", "/wall", "/unit", "/report"].includes(next) ? next : (HOMES[role] ?? "/console");
}

function Code({ value, onInput }) {
  const input = useFocus();
  return html`<label>${t("login.code")}
    <input name="code" ref=${input} value=${value} required autocomplete="one-time-code" inputmode="numeric"
        onInput=${(e) => onInput(e.currentTarget.value)} />
    </label>`;
}

function Login() {
  const [typed, setTyped] = useState({ account: "", password: "", code: "" });
  const [wantsCode, setWantsCode] = useState(false);
  const [fault, setFault] = useState(null);
  const [busy, setBusy] = useState(false);
  const first = useFocus();
  const field = (name, props) => html`<label>${t(`login.${name}`)}
    <input name=${name} value=${typed[name]} required onInput=${(e) => setTyped({ ...typed, [name]: e.currentTarget.value })} ...${props} />
    </label>`;
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      me.value = await post("/api/login", wantsCode ? typed : { account: typed.account, password: typed.password });
      location.assign(destination(me.value.role));
    } catch (problem) {
      if (!(problem instanceof Fault)) throw problem;
      if (problem.body.error === "code_wanted") setWantsCode(true);
      setFault(problem);
      setBusy(false);
    }
  };
  return html`<main><form class="sign-in" onSubmit=${submit}><${Switches} /><h1>派单</h1><p class="quiet">${t("login.motto")}</p>
    ${field("account", { autocomplete: "username", ref: first, maxlength: 64 })}${field("password", {
      type: "password",
      autocomplete: "current-password",
    })}
    ${wantsCode && html`<${Code} value=${typed.code} onInput=${(code) => setTyped({ ...typed, code })} />`}
    <p class=${fault?.body.error === "code_wanted" ? "" : "danger"} role="alert">${fault ? said(fault.text) : ""}</p>
    <button class="first" disabled=${busy}>${t("login.go")}</button></form></main>`;
}

render(html`<${Login} />`, document.getElementById("app"));
