// What lies on top of the console: a verb's form, the result of a bulk, all keys, a new case, a file, the replies, the desk's devices.
import { effect, html, useEffect, useFocus, useState } from "../shared/dom.js";
import { said, t } from "../shared/i18n.js";
import { Devices } from "./devices.js";
import { Form } from "./form.js";
import { Help } from "./help.js";
import { choose } from "./keys.js";
import { Authority, inName } from "./authority.js";
import { NewCase } from "./newcase.js";
import { opened } from "./opened.js";
import { give, giveAll, putAway } from "./orders.js";
import { Replies } from "./replies.js";
import { Soon, typedAhead } from "./soon.js";
import { layer, list, marked, marks, open, openId } from "./state.js";
import { rows } from "./store.js";
import { Upload } from "./upload.js";
import { verbOf } from "./verbs.js";

// A verb's key was pressed before the case had come: go on when it has.
effect(() => {
  const wish = layer.value;
  const view = opened.value;
  if (wish?.name !== "soon" || view?.row.id !== wish.id) return;
  const next = choose(wish.key, view);
  if (next.name !== "verb") typedAhead.value = [];
  layer.value = next;
});

const close = () => {
  layer.value = null;
  typedAhead.value = [];
  document.getElementById(`list-${list.value}`)?.focus();
};

/** The cases that a verb is about, as they were seen when it was begun. */
function useSubjects() {
  const [seen] = useState(() => (marked.value.length ? marked.value : [opened.value?.row ?? rows.get(openId.value)].filter(Boolean)));
  return seen;
}

function VerbLayer({ verb }) {
  const subjects = useSubjects();
  const [results, setResults] = useState(null);
  const many = subjects.length > 1;
  const act = (order) => {
    if (!many) {
      give(verb.id, order, subjects[0].id, subjects[0]);
      if (marks.value.size) marks.value = new Set();
      close();
      return;
    }
    setResults([]);
    giveAll(verb.id, order, subjects, setResults);
    marks.value = new Set();
  };
  const instant = !verb.fields.length && !many;
  useEffect(() => {
    if (instant && subjects.length) act({ type: verb.order });
  }, []);
  if (!subjects.length || instant) return null;
  if (results) return html`<${Results} verb=${verb} subjects=${subjects} entries=${results} />`;
  if (!verb.fields.length) return html`<${Confirm} verb=${verb} subjects=${subjects} act=${act} />`;
  return html`<${Form} verb=${verb} subjects=${subjects} onGive=${act} onClose=${close} />`;
}

/** A verb without fields on many cases: Enter gives it. */
function Confirm({ verb, subjects, act }) {
  const button = useFocus();
  const [authority, setAuthority] = useState("");
  const enter = () => act({ type: verb.order, ...inName(authority) });
  return html`<section class="form" role="dialog" aria-label=${t(`verb.${verb.id}`)}
      onKeyDown=${(e) => {
        if (e.key === "Escape") close();
      }}>
    <h2>${t(`verb.${verb.id}`)} · ${t("bulk.n", { n: subjects.length })}</h2>
    <${Authority} value=${authority} onPick=${setAuthority} onEnter=${enter} onClose=${close} />
    <p class="foot"><button class="first" ref=${button} onClick=${enter}><kbd>⏎</kbd>${t("form.give")}</button>
    <button onClick=${close}><kbd>Esc</kbd>${t("form.back")}</button></p></section>`;
}

/** What became of each case of a bulk. Stays until it is closed. */
function Results({ verb, subjects, entries }) {
  const box = useFocus();
  const byCase = new Map(entries.map((entry) => [entry.caseId, entry]));
  // Who closes this list has read its refusals: they need not be put away one by one.
  const leave = () => {
    for (const entry of entries) if (entry.state === "refused") putAway(entry.caseId);
    close();
  };
  const n = (state) => entries.filter((entry) => entry.state === state).length;
  return html`<section class="form" role="dialog" aria-label=${t("bulk.result")} tabindex="-1" ref=${box}
      onKeyDown=${(e) => {
        e.stopPropagation();
        if (e.key === "Escape") leave();
      }}>
    <h2>${t(`verb.${verb.id}`)} · ${t("bulk.counts", { done: n("done"), refused: n("refused"), open: subjects.length - n("done") - n("refused") })}
    </h2>
    <div class="scroll"><table><tbody>${subjects.map((row) => {
      const entry = byCase.get(row.id);
      const state = entry?.state ?? "sent";
      return html`<tr key=${row.id}><td><button class="link" onClick=${() => {
        close();
        open(row.id);
      }}>${row.no}</button></td>
        <td>${row.title}</td>
        <td class=${state === "refused" ? "danger" : state === "done" ? "good" : "quiet"}>${state === "done" ? "✓ " : state === "refused" ? "✕ " : ""}${t(`given.${state}`)}
        </td><td>${state === "refused" ? said(entry.text) || entry.reason : ""}</td></tr>`;
    })}</tbody></table></div><p class="foot"><button onClick=${leave}><kbd>Esc</kbd>${t("form.close")}</button></p></section>`;
}

/** A key that the case does not allow now says so, and why nothing happened. */
function Cannot({ verbKey, why = "text" }) {
  const box = useFocus();
  return html`<section class="form small" role="alertdialog" aria-label=${t("cannot.title")}><p>${t(`cannot.${why}`, { key: verbKey })}</p>
    <p class="foot"><button ref=${box} onClick=${close}><kbd>Esc</kbd>${t("form.back")}</button></p></section>`;
}

const PARTS = {
  help: () => html`<${Help} close=${close} />`,
  new: () => html`<${NewCase} close=${close} />`,
  upload: () => html`<${Upload} close=${close} />`,
  replies: () => html`<${Replies} close=${close} />`,
  soon: ({ key }) => html`<${Soon} verbKey=${key} close=${close} />`,
  devices: () => html`<${Devices} close=${close} />`,
  cannot: ({ key, why }) => html`<${Cannot} verbKey=${key} why=${why} />`,
  verb: ({ verb }) => html`<${VerbLayer} key=${verb} verb=${verbOf(verb)} />`,
};

export function Layers() {
  const top = layer.value;
  return top ? html`<div class="layer">${PARTS[top.name](top)}</div>` : null;
}
