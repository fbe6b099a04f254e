// An act's form for a thumb: every choice a line of its own, nothing to scroll inside of something that scrolls.
import { html } from "../shared/dom.js";
import { t, word } from "../shared/i18n.js";
import { catalog, squadName, unitName } from "../shared/names.js";
import { lacking, membersOf } from "./acts.js";
import { day } from "./day.js";
import { useDraft } from "./drafts.js";
import { intend } from "./outbox.js";

/** One of several. */
export function Choice({ name, value, choices, label, onPick }) {
  return html`<fieldset class="choice-list"><legend>${t(`field.${name}`)}</legend>${choices.map(
    (one) => html`<label key=${one} class=${one === value ? "line picked" : "line"}>
      <input type="radio" name=${name} checked=${one === value} onChange=${() => onPick(one)} /><span>${label(one)}</span></label>`,
  )}</fieldset>`;
}

/** Some of several, by number: the team of the day first, then the rest of the squad that is here. `may`: whether each
 * of some may act; who may not is marked. */
export function Officers({ value, team, onPick, legend = t("field.officers"), may = (list) => list.map(() => true) }) {
  const teams = [...(day.value?.teams ?? [])].sort((a, b) => Number(b.id === team) - Number(a.id === team));
  const here = teams.flatMap((one) => one.officers.map((number) => ({ number, name: one.name })));
  const all = [...here, ...value.filter((number) => !here.some((one) => one.number === number)).map((number) => ({ number, name: "" }))];
  const able = may(all.map(({ number }) => number));
  const toggle = (number) => onPick(value.includes(number) ? value.filter((one) => one !== number) : [...value, number]);
  return html`<fieldset class="choice-list"><legend>${legend}</legend>${all.map(
    ({ number, name }, i) => html`<label key=${number} class=${value.includes(number) ? "line picked" : "line"}>
      <input type="checkbox" checked=${value.includes(number)} onChange=${() => toggle(number)} />
      <span>${number}</span>${able[i] === false && html`<b class="danger">${t("red.lacks")}</b>`}<span class="quiet">${name}</span></label>`,
  )}
    ${!all.length && html`<p class="quiet">${t("phone.nobody_here")}</p>`}</fieldset>`;
}

function Owner({ value, row, onPick }) {
  const own = catalog.value.squads.filter((squad) => squad.desk === row.desk && squad.id !== row.squad);
  return html`<label class="field">${t("field.owner")}<select value=${value} onChange=${(event) => onPick(event.currentTarget.value)}>
    <option value="">${t("phone.choose")}</option>
    <optgroup label=${t("phone.units")}>${catalog.value.units.map(({ id }) => html`<option key=${id} value=${id}>${unitName(id)}</option>`)}</optgroup>
    <optgroup label=${t("phone.squads")}>${own.map(({ id }) => html`<option key=${id} value=${id}>${squadName(id)}</option>`)}</optgroup>
    </select></label>`;
}

function Field({ field, filled, row, change }) {
  const value = filled[field.name];
  const set = (next) => change({ [field.name]: next });
  switch (field.kind) {
    case "choice":
      return html`<${Choice} name=${field.name} value=${value} choices=${field.choices} label=${(one) => word(field.words, one)} onPick=${set} />`;
    case "days":
      return html`<${Choice} name=${field.name} value=${value} choices=${field.choices} label=${(n) => t("phone.days", { n })} onPick=${set} />`;
    case "team": {
      const teams = (day.value?.teams ?? []).filter(({ id }) => id !== row.team);
      const label = (id) => teams.find((one) => one.id === id).name;
      return html`<${Choice} name=${field.name} value=${value} choices=${teams.map(({ id }) => id)} label=${label} onPick=${set} />`;
    }
    case "officers":
      return html`<${Officers} value=${value ?? []} team=${row.team} onPick=${set} />`;
    case "owner":
      return html`<${Owner} value=${value ?? ""} row=${row} onPick=${set} />`;
    default:
      return html`<label class="field">${t(`field.${field.name}`)}<textarea rows=${field.kind === "long" ? 4 : 2} maxlength=${field.kind === "long" ? 20000 : 500}
        value=${value ?? ""} onInput=${(event) => set(event.currentTarget.value)}></textarea></label>`;
  }
}

/** `onDone` after it was kept, `onBack` without. */
export function ActForm({ act, row, onDone, onBack }) {
  const [filled, change, clear] = useDraft(`${row.id}/${act.id}`, {});
  if (!filled) return null;
  const missing = lacking(act, filled);
  const give = async (event) => {
    event.preventDefault();
    if (missing.length) return;
    await intend(row, act.id, membersOf(act, filled, row));
    await clear();
    onDone();
  };
  const fields = act.fields.filter((field) => !field.when || field.when(filled));
  return html`<form class="sheet" onSubmit=${give} aria-label=${t(`verb.${act.id}`)}><h2>${t(`verb.${act.id}`)} <span class="quiet">${row.no}</span></h2>
    ${fields.map((field) => html`<${Field} key=${field.name} field=${field} filled=${filled} row=${row} change=${change} />`)}
    <div class="bottom">${missing.length > 0 && html`<p class="quiet">${t("phone.missing", { what: missing.map((name) => t(`field.${name}`)).join("、") })}</p>`}
      <div class="pair"><button type="button" class="tall" onClick=${onBack}>${t("form.back")}</button>
      <button class="tall main" disabled=${missing.length > 0}>${t(`verb.${act.id}`)}</button></div></div></form>`;
}
