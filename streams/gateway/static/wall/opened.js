// A number opened: what it is made of, down to the townships and squads; what the parts do not add up to stands below.
import { html, signal, useEffect, useRef } from "../shared/dom.js";
import { Fault, get, query } from "../shared/api.js";
import { Switches } from "../shared/bar.js";
import { clockText, nowText, tick } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { CaseList } from "./caselist.js";
import { amount, counted, parts, percent, reasons } from "./figures.js";
import { above, href, moved, place, up } from "./place.js";

const EVERY = 5_000;
const EVERY_OF_MANY = 15_000; // a year is a million cases
const STALE = 20_000;
const BESIDE = ["self", "routed_dept", "other", "merged", "transferred", "cancelled", "unknown"];

/** What was answered last, for which place, and when. */
const shown = signal({ key: "", told: null, fault: null, at: 0 });

const keyOf = (at) => (at ? href(at, { listed: "" }) : "");

async function ask(at) {
  const { number, listed, ...rest } = at;
  const key = keyOf(at);
  try {
    const told = await get(`/api/numbers/${number}${query(rest)}`);
    if (keyOf(place.peek()) === key) shown.value = { key, told, fault: null, at: Date.now() };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (keyOf(place.peek()) !== key) return;
    const last = shown.peek();
    shown.value = { key, told: last.key === key && fault.status !== 404 ? last.told : null, fault, at: last.at };
  }
}

/** Desk and township of a place. */
const where = (at, names) => [names?.[at.desk] ?? at.desk, named("territory", at.territory, names)].filter(Boolean);

function Way({ at, names }) {
  const steps = [t(`wall.${at.number}`), ...where(at, names), last(at, names)].filter(Boolean);
  const ways = above(at);
  return html`<nav aria-label=${t("numbers.way")}><ol class="way"><li><a href="#">${t("wall.title")}</a></li>
    ${steps.map((step, n) =>
      n === steps.length - 1
        ? html`<li key=${n} aria-current="page">${step}</li>`
        : html`<li key=${n}><a href=${ways[n]}>${step}</a></li>`,
    )}</ol></nav>`;
}

/** The name of a part; "-" is none. */
const named = (of, id, names) => (id === "-" ? t(`nothing.${of}`) : (names?.[id] ?? id));
const last = (at, names) =>
  [named("squad", at.squad, names), at.listed && t(`listed.${at.listed}`)].filter(Boolean).join(" · ");

function Windows({ at, told }) {
  if (told.windows.length < 2) return html`<p>${t(`window.${told.window}`)}</p>`;
  return html`<nav class="choice" aria-label=${t("numbers.window")}>${told.windows.map(
    (name) => html`<a key=${name} href=${href(at, { window: name })} aria-current=${name === told.window ? "true" : undefined}>
      ${t(`window.${name}`)}</a>`,
  )}</nav>`;
}

function Whole({ told }) {
  const { whole, unit } = told;
  return html`<div class="whole">
    ${
      whole
        ? html`<p class="ratio">${percent(whole)}</p><p>${parts(whole, unit)} ${t(`measure.${unit}`)}${
            whole.met !== null && html` · <span class=${whole.met ? "good" : "quiet"}>${t(whole.met ? "numbers.met" : "numbers.not_met")}</span>`
          }</p>`
        : html`<p class="ratio none">${t("numbers.uncomputable")}</p><p class="danger">${reasons(told.why)}</p>`
    }
    <p>${told.first} – ${told.last} ${told.state && html`<b>${t(`numbers.${told.state}`)}</b>`}
      ${told.final && html` · ${t("numbers.final", { share: percent(told.final), of: parts(told.final) })}`}
      ${told.restatements > 0 && html` · <b>${t("numbers.restated", { n: told.restatements })}</b>`}</p></div>`;
}

/** Where a part leads: a desk and a township are opened further, of a squad the cases are listed. */
function further(at, told, part) {
  if (part.of === "desk") return href(at, { desk: part.id, by: "" });
  if (at.number !== "tasks") return null;
  if (part.of === "territory") return href(at, { territory: part.id, by: "" });
  return told.listable ? href(at, { squad: part.id, listed: "all" }) : null;
}

/** The address of the cases behind a count of a part; null where one may not list them. */
const listOf = (at, told, part, listed) => (told.listable ? href(at, { [part.of]: part.id, listed, by: "" }) : null);

function Count({ to, children, label }) {
  return to ? html`<a href=${to} aria-label=${label}>${children}</a>` : html`<span>${children}</span>`;
}

function Row({ at, told, part }) {
  const name = part.name || (part.id === "-" ? t(`nothing.${part.of === "organisation" ? "post" : part.of}`) : part.id);
  const to = further(at, told, part);
  const tasks = at.number === "tasks";
  const marks = BESIDE.concat("forced", "month_end").filter((sort) => part.counts[sort]);
  const list = (sort) => (["forced", "month_end"].includes(sort) ? null : sort === "self" ? "self" : "aside");
  return html`<tr><th scope="row">${to ? html`<a href=${to}>${name}</a>` : name}
      ${part.tier && html` <span class="quiet">${word("tier", part.tier)}</span>`}</th>
    <td class="n">${
      tasks
        ? html`<${Count} to=${listOf(at, told, part, "num")} label=${`${name} ${t("listed.num")} ${part.figure.numerator}`}>
            ${part.figure.numerator}<//> / <${Count} to=${listOf(at, told, part, "den")}
            label=${`${name} ${t("listed.den")} ${part.figure.denominator}`}>${part.figure.denominator}<//>`
        : parts(part.figure, told.unit)
    }</td>
    <td class="n">${counted(part.figure) ? percent(part.figure) : "–"}</td>
    <td class="beside">${marks.map(
      (sort) => html`<span key=${sort}><${Count} to=${list(sort) && listOf(at, told, part, list(sort))}
        label=${`${name} ${t(`sort.${sort}`)} ${part.counts[sort]}`}>${t(`sort.${sort}`)} ${part.counts[sort]}<//></span> `,
    )}${Object.entries(part.beside).map(
      ([of, figure]) => html`<span key=${of}>${t(`reading.${of}`)} ${amount(figure.denominator, told.unit)}</span>`,
    )}</td></tr>`;
}

/** Why whole and parts may differ for a moment; "": they should not. */
function behind({ fold_ahead, archive_ahead, parked }) {
  const n = fold_ahead + archive_ahead + parked;
  return n ? t("numbers.behind", { fold: fold_ahead, archive: archive_ahead, parked }) : "";
}

function Sums({ told }) {
  const total = told.parts.reduce(
    (sum, { figure }) => ({ numerator: sum.numerator + figure.numerator, denominator: sum.denominator + figure.denominator }),
    { numerator: 0, denominator: 0 },
  );
  const left = told.residual;
  const even = left && !left.numerator && !left.denominator;
  return html`<tfoot><tr><th scope="row">${t("numbers.sum")}</th><td class="n">${parts(total, told.unit)}</td>
      <td class="n">${counted(total) && told.whole ? percent(total) : "–"}</td><td></td></tr>
    ${left && html`<tr><th scope="row">${t("numbers.whole")}</th><td class="n">${parts(told.whole, told.unit)}</td><td class="n">${percent(told.whole)}</td><td></td></tr>`}
    ${
      left &&
      html`<tr class=${even ? "" : "differs"}><th scope="row">${t("numbers.residual")}</th><td class="n">${parts(left, told.unit)}</td><td></td>
      <td class="beside">${even ? t("numbers.even") : (told.position && behind(told.position)) || t("numbers.differs")}</td></tr>`
    }</tfoot>`;
}

function Parts({ at, told }) {
  const may = at.number === "tasks" && at.desk && !at.territory;
  return html`<section><h2>${t(`grouped.${told.by}`)}</h2>
    ${
      may &&
      html`<nav class="choice" aria-label=${t("numbers.by")}>${["territory", "squad"].map(
        (by) => html`<a key=${by} href=${href(at, { by })} aria-current=${by === told.by ? "true" : undefined}>${t(`grouped.${by}`)}</a>`,
      )}</nav>`
    }
    <table class="parts"><thead><tr><th scope="col">${t(`part_by.${told.by}`)}</th>
      <th scope="col" class="n">${t(`share_of.${at.number}`)} ${t(`measure.${told.unit}`)}</th>
      <th scope="col" class="n">${t("numbers.ratio")}</th><th scope="col">${t("numbers.beside")}</th></tr></thead>
      <tbody>${told.parts.map((part) => html`<${Row} key=${`${part.of}${part.id}`} at=${at} told=${told} part=${part} />`)}</tbody>
      <${Sums} told=${told} /></table>
    ${at.number === "tasks" && !told.listable && html`<p class="quiet">${t("numbers.no_list")}</p>`}</section>`;
}

function Beside({ told }) {
  const rows = Object.entries(told.beside);
  if (!rows.length) return null;
  const unit = (of) => (told.unit === "fen" && of !== "budget" ? "things" : told.unit);
  return html`<section><h2>${t("numbers.readings")}</h2><dl class="readings">${rows.map(
    ([of, figure]) => html`<div key=${of}><dt>${t(`reading.${of}`)}</dt>
      <dd>${told.why[of] ? html`${t("numbers.uncomputable")} <span class="danger">${reasons(told.why[of])}</span>` : html`${percent(figure)} <span class="quiet">${parts(figure, unit(of))}</span>`}</dd></div>`,
  )}${
    "nowhere" in told.counts &&
    html`<div><dt>${t("numbers.nowhere")}</dt><dd>${told.counts.nowhere}</dd></div>`
  }</dl></section>`;
}

function Age() {
  tick.value;
  const { at, fault } = shown.value;
  const s = Math.max(0, Math.round((Date.now() - at) / 1000));
  if (!at) return null;
  if (Date.now() - at > STALE) return html`<b class="danger" role="alert">${t("wall.stale", { since: clockText(at) })}</b>`;
  return html`<span>${t("wall.age", { s })}${fault ? ` · ${said(fault.text)}` : ""}</span>`;
}

/** @param {{at: import("./place.js").Place}} props */
export function Opened({ at }) {
  tick.value;
  const head = useRef(null);
  const key = keyOf(at);
  const { told, fault, at: heard } = shown.value.key === key ? shown.value : { told: null, fault: null, at: 0 };

  useEffect(() => {
    ask(at);
    const again = setInterval(ask, at.window === "year" ? EVERY_OF_MANY : EVERY, at);
    return () => clearInterval(again);
  }, [key]);

  // Who came here by a link goes on from the head of the new place; what is renewed takes no focus.
  useEffect(() => {
    if (moved.peek()) head.current?.focus();
    window.scrollTo(0, 0);
  }, [href(at)]);

  useEffect(() => {
    const pressed = (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) up();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);

  const stale = heard > 0 && Date.now() - heard > STALE;
  return html`<div class=${`opened ${stale ? "old" : ""}`}><header><${Way} at=${at} names=${told?.names} /><${Switches} /></header>
    <main><h1 ref=${head} tabindex="-1">${[t(`wall.${at.number}`), ...where(at, told?.names)].join(" · ")}</h1>
    ${
      told
        ? html`<${Windows} at=${at} told=${told} /><${Whole} told=${told} />
          ${at.listed ? html`<${CaseList} at=${at} />` : html`<${Parts} at=${at} told=${told} /><${Beside} told=${told} />`}`
        : html`<p class=${fault ? "note bad" : "quiet"}>${fault ? said(fault.text) : t("list.loading")}</p>`
    }
    </main><footer>${told && html`<p>${said(told.note)}</p><p class="quiet">${said(told.definition)}</p>`}
    <p><time>${nowText()}</time> · <${Age} /></p></footer></div>`;
}
