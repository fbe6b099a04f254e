// A case by hand: what a caller says, and beside it the open cases that may be the same matter, while one types.
import { html, signal, useEffect, useFocus, useState } from "../shared/dom.js";
import { Fault, get, me, post, query } from "../shared/api.js";
import { serverNow, spanText } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { catalog, itemName, territoryName } from "../shared/names.js";
import { open } from "./state.js";
import { deskId } from "./store.js";

const KINDS = ["complaint", "report", "help", "consult", "suggestion", "praise", "event", "component"];
const EVENTS = new Set(["event", "component"]);
const EMPTY = {
  kind: "complaint",
  title: "",
  description: "",
  address: "",
  territory: "",
  item: "",
  lon: "",
  lat: "",
  name: "",
  phone: "",
};
/** What was typed outlives the form: Esc loses nothing. */
const draft = signal(EMPTY);
const key = signal(crypto.randomUUID());

/** Suggestions, asked for a moment after the last letter. */
function useSimilar({ title, territory, item, lon, lat }) {
  const [similar, setSimilar] = useState([]);
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(async () => {
      if (title.trim().length < 2) return setSimilar([]);
      const found = await get(`/api/similar${query({ title, territory, item, lon, lat })}`).catch(() => []);
      return gone || setSimilar(found);
    }, 250);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [title, territory, item, lon, lat]);
  return similar;
}

/** The instant as the wire wants it: RFC 3339 with the zone of the city. */
const stamp = (at) => new Date(at + 8 * 3_600_000).toISOString().replace("Z", "+08:00");

function complaint(d) {
  const point = d.lon !== "" && d.lat !== "";
  // A place is found by its point, else by the name in its address.
  const town = territoryName(d.territory);
  const address = town && !d.address.includes(town) ? `${town}${d.address}` : d.address;
  return {
    kind: d.kind,
    received_at: stamp(serverNow()),
    title: d.title.trim(),
    description: d.description,
    channel: "desk",
    location: { address, ...(point ? { datum: "wgs84", lon: Number(d.lon), lat: Number(d.lat) } : {}) },
    ...(d.name || d.phone ? { reporter: { name: d.name, phone: d.phone } } : {}),
    ...(d.item ? { facts: { item: d.item } } : {}),
  };
}

function Similar({ rows, close }) {
  return html`<aside class="similar" aria-label=${t("new.similar")}><h3>${t("new.similar")} ${rows.length}
    </h3>${rows.length === 0 && html`<p class="quiet">${t("new.no_similar")}</p>`}
    ${rows.map(
      ({ row, metres }) => html`<button key=${row.id} class="hit" onClick=${() => {
        close();
        open(row.id);
      }}><b>${row.no}
      </b> ${row.title}<br /><span class="quiet">${word("status", row.status)} · ${row.address || territoryName(row.territory)}
      ${metres === null || metres === undefined ? "" : ` · ${Math.round(metres)} m`} · ${spanText(serverNow() - row.registered_at)}</span>
        </button>`,
    )}</aside>`;
}

export function NewCase({ close }) {
  const d = draft.value;
  const [fault, setFault] = useState(null);
  const [sent, setSent] = useState(null);
  const first = useFocus();
  const similar = useSimilar(d);
  const set = (name) => (event) => {
    draft.value = { ...draft.value, [name]: event.currentTarget.value };
  };
  const field = (name, props = {}) => html`<label>${t(`new.${name}`)}
    <input name=${name} value=${d[name]} onInput=${set(name)} autocomplete="off" ...${props} /></label>`;
  const file = async (event) => {
    event.preventDefault();
    setFault(null);
    try {
      const place = await post(EVENTS.has(d.kind) ? "/api/city-events" : "/api/complaints", complaint(d), { "Idempotency-Key": key.value });
      setSent(place);
      draft.value = EMPTY;
      key.value = crypto.randomUUID();
    } catch (problem) {
      if (!(problem instanceof Fault)) throw problem;
      setFault(problem);
    }
  };
  const keyed = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
    if (event.key === "Enter" && event.ctrlKey) event.currentTarget.requestSubmit();
  };
  const territories = catalog.value.territories.filter(({ desk }) => !deskId.value || desk === deskId.value);
  return html`<section class="form wide" role="dialog" aria-label=${t("new.head")}><h2>${t("new.head")}</h2><div class="new">
    <form onSubmit=${file} onKeyDown=${keyed}>
    <label>${t("new.kind")}
    <select value=${d.kind} onChange=${set("kind")}>${KINDS.filter((kind) => me.value?.role !== "town" || EVENTS.has(kind)).map(
      (kind) => html`<option
        key=${kind} value=${kind}>${word("kind", kind)}
    </option>`,
    )}</select></label>
    <label class="all">${t("new.title")}
    <input ref=${first} name="title" value=${d.title} onInput=${set("title")} maxlength="500" required autocomplete="off" /></label>
    <label class="all">${t("new.description")}<textarea rows="3" value=${d.description} onInput=${set("description")} maxlength="20000">
    </textarea></label>
    ${field("address", { maxlength: 500, class: "all" })}
    <label>${t("new.territory")}<select value=${d.territory} onChange=${set("territory")}><option value="">${t("new.by_place")}
    </option>${territories.map(({ id }) => html`<option key=${id} value=${id}>${territoryName(id)}</option>`)}</select></label>
    <label>${t("new.item")}<select value=${d.item} onChange=${set("item")}><option value="">${t("new.by_words")}
    </option>${catalog.value.items.map(({ id }) => html`<option key=${id} value=${id}>${itemName(id)}</option>`)}</select></label>
    ${field("lon", { inputmode: "decimal" })}${field("lat", { inputmode: "decimal" })}${field("name")}${field("phone", {
      inputmode: "tel",
    })}
    <p class="all foot">${
      fault &&
      html`<span class="danger" role="alert">${said(fault.text)} ${fault.body.where ?? ""}
    </span>`
    }${sent && html`<span class="good" role="status">✓ ${t("new.filed", { id: sent.source_id })}</span>`}
      <button class="first"><kbd>Ctrl ⏎</kbd>${t("new.file")}</button><button type="button" onClick=${close}><kbd>Esc</kbd>${t("form.back")}
      </button></p></form>
    <${Similar} rows=${similar} close=${close} /></div></section>`;
}
