// The cases behind a number, the latest first: where each counts and why. It stands still while it is read; who wants
// it as it is now asks again.
import { html, signal, useEffect } from "../shared/dom.js";
import { Fault, get, query } from "../shared/api.js";
import { clockText, instantText } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { itemName } from "../shared/names.js";
import { parts } from "./figures.js";
import { href, place } from "./place.js";

const LISTED = ["den", "num", "rest", "self", "aside", "all"];
const held = signal({ key: "", list: null, fault: null });

async function ask(at, more = "") {
  const { number, by, ...rest } = at;
  const key = href(at);
  try {
    const answer = await get(`/api/numbers/${number}/cases${query({ ...rest, cursor: more })}`);
    if (href(place.peek() ?? {}) !== key) return;
    const before = more ? held.peek().list.cases : [];
    const names = { ...(more ? held.peek().list.names : {}), ...answer.names };
    held.value = { key, list: { ...answer, names, cases: [...before, ...answer.cases] }, fault: null };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (href(place.peek() ?? {}) === key) held.value = { key, list: more ? held.peek().list : null, fault };
  }
}

function Row({ one, names }) {
  const marks = ["month_end", "forced"].filter((mark) => one[mark]);
  return html`<tr data-case=${one.id}><th scope="row"><a href=${`/console#${one.id}`}>${one.no}</a></th><td>${instantText(one.at)}</td>
    <td>${names[one.squad] ?? (one.squad || t("nothing.squad"))} <span class="quiet">${word("tier", one.tier, one.tier)}</span></td>
    <td>${names[one.territory] ?? (one.territory || t("nothing.territory"))}</td><td>${itemName(one.item)}</td>
    <td>${t(`sort.${one.sort}`)}</td>
    <td>${t(`counts_as.${one.counts || "none"}`)}${marks.map((mark) => html` <b key=${mark}>${t(`sort.${mark}`)}</b>`)}</td></tr>`;
}

/** @param {{at: import("./place.js").Place}} props */
export function CaseList({ at }) {
  const key = href(at);
  useEffect(() => {
    ask(at);
  }, [key]);
  const { list, fault } = held.value.key === key ? held.value : { list: null, fault: null };
  const heads = ["case", "ended", "squad", "territory", "item", "stream", "counts"];
  return html`<section><h2>${t("numbers.cases")}</h2>
    <nav class="choice" aria-label=${t("numbers.cases")}>${LISTED.map(
      (name) => html`<a key=${name} href=${href(at, { listed: name })} aria-current=${name === at.listed ? "true" : undefined}>
        ${t(`listed.${name}`)}</a>`,
    )}</nav>
    ${fault && html`<p class="note bad" role="alert">${said(fault.text)}</p>`}
    ${!list && !fault && html`<p class="quiet">${t("list.loading")}</p>`}
    ${
      list &&
      html`<p role="status">${t("numbers.listed", { n: list.total, shown: list.cases.length, of: parts(list.figure), at: clockText(list.now) })}
        <button onClick=${() => ask(at)}>${t("numbers.again")}</button></p>
      <table class="cases"><thead><tr>${heads.map((name) => html`<th key=${name} scope="col">${t(`ended_case.${name}`)}</th>`)}</tr></thead>
      <tbody>${list.cases.map((one) => html`<${Row} key=${`${one.id}${one.at}`} one=${one} names=${list.names} />`)}</tbody></table>
      ${list.next && html`<p><button onClick=${() => ask(at, list.next)}>${t("numbers.more")}</button></p>`}`
    }</section>`;
}
