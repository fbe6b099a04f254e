// A verb's form: one field after the other, each picked by typing a part of it and Enter; the last Enter gives the
// order. Esc keeps what was typed: the same verb on the same case goes on where one was.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { known } from "../shared/names.js";
import { Authority, inName } from "./authority.js";
import { Away } from "./away.js";
import { choicesOf, shown, used } from "./fields.js";
import { typedAhead } from "./soon.js";
import { members } from "./verbs.js";

/** Drafts by verb and case: {filled, step, text, authority}. */
const drafts = new Map();

const FREE = new Set(["reason", "text", "long"]); // what is typed counts, even if it is nothing in the list
const PICKED = new Set(["owner", "choice", "yesno", "case", "item", "territory", "desk", "officers", "reason", "phone"]);

/**
 * How well what was typed fits a choice: 0, it stands in it as it was typed; 1, every letter is found in order (罗二
 * finds 罗星二组); 2, not at all.
 */
function misfit(typed, choice) {
  const text = `${choice.label} ${choice.hint ?? ""} ${choice.value}`.toLowerCase();
  const wanted = typed.toLowerCase().trim();
  if (text.includes(wanted)) return 0;
  let at = 0;
  for (const letter of wanted.replace(/\s/g, "")) {
    at = text.indexOf(letter, at) + 1;
    if (!at) return 2;
  }
  return 1;
}

/** The choices that fit, best first: a number typed whole must not pick a case that merely has its digits. */
function fitting(typed, choices) {
  const found = choices.map((choice) => ({ choice, by: misfit(typed, choice) })).filter(({ by }) => by < 2);
  return found.sort((a, b) => a.by - b.by).map(({ choice }) => choice);
}

/** `subjects`: the rows as they were seen when the form was opened: an order is judged by that version. */
export function Form({ verb, subjects, onGive, onClose }) {
  const slot = `${verb.id} ${subjects.map((row) => row.id).join(",")}`;
  const draft = drafts.get(slot) ?? { filled: {}, step: 0, text: "", authority: "" };
  const [filled, setFilled] = useState(draft.filled);
  const [step, setStep] = useState(Math.min(draft.step, verb.fields.length - 1));
  const [text, setText] = useState(draft.text);
  const [authority, setAuthority] = useState(draft.authority);
  const [at, setAt] = useState(0);
  const input = useRef(null);
  const field = verb.fields[step];
  const row = subjects[0];
  const choices = PICKED.has(field.kind) ? fitting(text, choicesOf(verb, field, row)).slice(0, 60) : [];

  drafts.set(slot, { filled, step, text, authority });
  // At once, so that the next key already goes there.
  useLayoutEffect(() => {
    input.current?.focus();
  }, [step]);
  useEffect(() => {
    document.getElementById(`choice-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at]);

  function take(value) {
    if ((value === undefined || value === "") && !field.optional) return;
    const next = { ...filled, [field.name]: value };
    if (step + 1 < verb.fields.length) {
      setFilled(next);
      setStep(step + 1);
      setText(next[verb.fields[step + 1].name] && FREE.has(verb.fields[step + 1].kind) ? String(next[verb.fields[step + 1].name]) : "");
      setAt(0);
      return;
    }
    drafts.delete(slot);
    used(verb, next);
    onGive({ ...members(verb, next, (id) => Boolean(known("squad", id))), ...inName(authority) });
  }

  // What was typed before the case had come: a line for each field, and Enter after each but perhaps the last.
  useLayoutEffect(() => {
    const line = typedAhead.peek()[0];
    if (!line) return;
    if (line.text && text !== line.text) setText(line.text);
    else {
      typedAhead.value = typedAhead.peek().slice(1);
      if (line.entered) enter();
    }
  }, [step, text]);

  const enter = () => {
    const choice = choices[at];
    // A typed reason that is nobody's code is taken as it stands; an empty line takes the first of the list.
    if (choice && !(field.kind === "reason" && text && at === 0 && !choice.label.includes(text))) take(choice.value);
    else if (FREE.has(field.kind)) take(text.trim());
    else if (field.optional && !text) take("");
  };

  const keyed = (event) => {
    event.stopPropagation();
    if (event.isComposing) return; // an input method's own Enter
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves && choices.length) {
      event.preventDefault();
      setAt((at + moves[event.key] + choices.length) % choices.length);
    } else if (event.key === "Enter" && !(field.kind === "long" && !event.ctrlKey)) {
      event.preventDefault();
      enter();
    } else if (event.key === "Escape") {
      event.preventDefault();
      onClose();
    } else if (event.key === "Backspace" && !text && step) {
      event.preventDefault();
      setStep(step - 1);
    }
  };

  const typed = (event) => {
    setText(event.currentTarget.value);
    setAt(0);
  };
  return html`<section class="form" role="dialog" aria-label=${t(`verb.${verb.id}`)}>
    <h2>${t(`verb.${verb.id}`)} <span class="quiet">${subjects.length > 1 ? t("bulk.n", { n: subjects.length }) : row.no}</span></h2>
    <${Away} id=${row.id} />
    <ol class="steps">${verb.fields.map(
      (one, i) => html`<li key=${one.name} class=${i === step ? "at" : ""}>
      <button class="link" onClick=${() => {
        setStep(i);
        setAt(0);
      }} disabled=${i > step}>${t(`field.${one.name}`)}</button>
      ${
        i < step && filled[one.name] !== undefined && filled[one.name] !== ""
          ? html` <b>${shown(verb, one, filled[one.name], row)}
        </b>`
          : null
      }</li>`,
    )}</ol>
    ${
      field.kind === "long"
        ? html`<textarea ref=${input} rows="5" value=${text} onInput=${typed} onKeyDown=${keyed} aria-label=${t(`field.${field.name}`)}>
        </textarea>`
        : html`<input ref=${input} class="type" value=${text} onInput=${typed} onKeyDown=${keyed} autocomplete="off" role="combobox"
          aria-expanded=${choices.length > 0} aria-controls="choices" aria-activedescendant=${choices.length ? `choice-${at}` : undefined}
          aria-label=${t(`field.${field.name}`)} placeholder=${t(PICKED.has(field.kind) ? "pick.type" : "pick.write")} />`
    }
    ${choices[at]?.phone && html`<p class="dial">${t("call.leader")} <a href=${`tel:${choices[at].phone}`}>${choices[at].phone}</a> ${choices[at].label}</p>`}
    <div class="choices" role="listbox" id="choices" tabindex="-1"
        aria-label=${t(`field.${field.name}`)}>${choices.map(
          (choice, i) => html`<div role="option" key=${String(choice.value)}
      id=${`choice-${i}`} aria-selected=${i === at ? "true" : "false"} class=${i === at ? "choice at" : "choice"}
          onClick=${() => take(choice.value)}>
      <span>${choice.label}</span><span class="quiet">${choice.hint}</span></div>`,
        )}</div>
    ${
      step + 1 === verb.fields.length &&
      html`<${Authority} value=${authority} onPick=${setAuthority} onEnter=${enter} onClose=${onClose} />`
    }
    <p class="quiet foot">${field.optional ? `${t("form.optional")} · ` : ""}${t(field.kind === "long" ? "form.long" : "form.keys")}
      <button class="first" onClick=${enter}><kbd>⏎</kbd>${t(step + 1 < verb.fields.length ? "form.next" : "form.give")}</button>
      <button onClick=${onClose}><kbd>Esc</kbd>${t("form.back")}</button></p>
  </section>`;
}
