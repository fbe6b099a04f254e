// The left side: UNASSIGNED, always whole, and ACTIVE, which a filter, a search or a click on any number narrows.
import { html, useFocus, useRef, useState } from "../shared/dom.js";
import { spanText, ticking } from "../shared/clock.js";
import { t, word, said } from "../shared/i18n.js";
import { shortDesk, squadName, territoryName, unitName } from "../shared/names.js";
import { filter, forget, isFiltered, save, saved, show, unassigned, useSaved } from "./filters.js";
import { CaseRow } from "./row.js";
import { failed, searching, text, total } from "./search.js";
import { cursors, list, marks, open, point, shownActive, toggleMark } from "./state.js";
import { deskId, loaded } from "./store.js";
import { List } from "./vlist.js";

const draw = (row) => html`<${CaseRow} row=${row} />`;

function CaseList({ name, rows, scope, label, empty }) {
  return html`<${List} name=${name} scope=${scope} rows=${rows} label=${label} cursor=${cursors[name].value} draw=${draw}
      marked=${marks.value}
    onFocus=${() => {
      list.value = name;
    }} onPoint=${(id) => point(name, id)} onOpen=${open} onMark=${toggleMark}
    empty=${loaded.value ? empty : t("list.loading")} />`;
}

function Oldest() {
  const now = ticking();
  const all = unassigned.value;
  if (!all.length) return null;
  const row = all.reduce((a, b) => (a.registered_at <= b.registered_at ? a : b));
  return html`<span class="quiet">${t("list.oldest")} <button class="count"
      onClick=${() => {
        point("unassigned", row.id);
        open(row.id);
      }}>${spanText(now - row.registered_at)}
    </button></span>`;
}

/** The filter in words, each part with the name that a person knows. */
function described(record) {
  const names = {
    status: (v) => word("status", v),
    deadline: (v) => t(`deadline.${v}`),
    squad: squadName,
    unit: unitName,
    territory: territoryName,
    desk: shortDesk,
    queue: (v) => t(`queue.${v}`),
    mine: () => t("filter.mine"),
    priority: (v) => `P${v}`,
  };
  return Object.entries(record)
    .map(([k, v]) => names[k]?.(v) ?? v)
    .join(" · ");
}

const PRESETS = [
  { mine: "1" },
  { deadline: "overdue" },
  { deadline: "warn" },
  { deadline: "paused" },
  { queue: "approvals" },
  { queue: "disputes" },
  { queue: "requests" },
  { queue: "checks" },
  { status: "offered" },
  { status: "accepted" },
  { status: "on_site" },
  { status: "ordered" },
  { status: "unit_working" },
  { status: "verifying" },
  { status: "merged" },
];

function FilterMenu({ close }) {
  const [name, setName] = useState("");
  const first = useFocus();
  const choose = (action) => {
    action();
    close();
  };
  return html`<div class="menu" role="dialog" aria-label=${t("filter.title")}
      onKeyDown=${(e) => {
        e.stopPropagation();
        if (e.key === "Escape") close();
      }}>
    <div class="menu-part">${PRESETS.map(
      (record, i) => html`<button class="link" ref=${i === 0 ? first : null} key=${described(record)}
        onClick=${() => choose(() => show(record))}>${described(record)}
    </button>`,
    )}</div>
    ${saved.value.length > 0 && html`<h3>${t("filter.saved")}</h3>`}
    ${saved.value.map(
      (one) => html`<div key=${one.name}><button class="link" onClick=${() => choose(() => useSaved(one))}>${one.name}
      </button>
      <button class="link quiet" aria-label=${`${t("filter.forget")} ${one.name}`} onClick=${() => forget(one.name)}>×</button></div>`,
    )}
    ${
      isFiltered.value &&
      html`<form onSubmit=${(e) => {
        e.preventDefault();
        if (name) choose(() => save(name));
      }}>
      <input value=${name} onInput=${(e) => setName(e.currentTarget.value)} placeholder=${t("filter.name")}
          aria-label=${t("filter.name")} /> <button>${t("filter.save")}
      </button></form>`
    }
  </div>`;
}

function ActiveHead() {
  const [menu, setMenu] = useState(false);
  const button = useRef(null);
  const rows = shownActive.value;
  if (searching.value) {
    return html`<header><h2>${t("search.results")} ${total.value ?? "…"}</h2>
      ${failed.value && html`<span class="danger">${said(failed.value)}</span>`}
      <button class="link" onClick=${() => {
        text.value = "";
      }}><kbd>Esc</kbd>${t("search.end")}</button></header>`;
  }
  return html`<header><h2>${t(isFiltered.value ? "list.filtered" : "list.active")} ${rows.length}</h2><span class="grow"></span>
    <button ref=${button} id="filter" aria-expanded=${menu}
        onClick=${() => setMenu(!menu)}>${isFiltered.value ? described(filter.value) : t("filter.all")} ▾</button>
    ${isFiltered.value && html`<button class="link" aria-label=${t("filter.clear")} onClick=${() => show({})}>×</button>`}
    ${
      menu &&
      html`<${FilterMenu} close=${() => {
        setMenu(false);
        button.current.focus();
      }} />`
    }</header>`;
}

export function Lists() {
  const fresh = unassigned.value;
  return html`<div class="left">
    <section class="unassigned" aria-label=${t("list.unassigned")}><header><h2>${t("list.unassigned")} ${fresh.length}</h2>
    <span class="grow"></span><${Oldest} /></header>
      <${CaseList} scope=${deskId.value} name="unassigned" rows=${fresh} label=${t("list.unassigned")} empty=${t("list.none_unassigned")} />
      </section>
    <section class="active" aria-label=${t("list.active")}><${ActiveHead} />
      <${CaseList} scope=${`${deskId.value} ${searching.value ? text.value : JSON.stringify(filter.value)}`} name="active"
          rows=${shownActive.value} label=${t("list.active")} empty=${t("list.none")} />
      </section>
  </div>`;
}
