// A file of reports: chosen or dropped, sent as it is (the gateway reads UTF-8 and GB 18030), followed row by row. What
// became of each row stays until the next file; closing the dialog ends nothing.
/** @typedef {{upload:string, rows:number, done:number, failed:number, finished:boolean,
 *   results:{row:number, status:number, source_id:string, text?:{zh:string,en:string}}[]}} Upload */
import { html, signal, useFocus, useState } from "../shared/dom.js";
import { Fault, get, me, post, query } from "../shared/api.js";
import { said, t } from "../shared/i18n.js";

export const mayFile = () => Boolean(me.value?.may.includes("file"));

const LARGEST = 5 * 1024 * 1024;
const SHOWN = 500; // rows; nobody reads more, and the failed ones come first
const COLUMNS = [
  "source_id",
  "kind",
  "received_at",
  "title",
  "description",
  "scheme",
  "code",
  "datum",
  "lon",
  "lat",
  "address",
  "name",
  "phone",
  "channel",
];
const NEEDED = new Set(["source_id", "kind", "received_at"]);

/** The file that is on its way, or was the last: outlives the dialog. */
const current = signal(null);
const fault = signal(null);
const topic = signal("");

const pause = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Asks until every row has its result. No answer for a moment is no end; a 404 is: the gateway was started anew. */
async function followUpload(id, rows) {
  for (;;) {
    await pause(rows > 2_000 ? 2_000 : 400);
    try {
      const told = await get(`/api/uploads/${encodeURIComponent(id)}`);
      if (current.peek()?.upload !== id) return;
      current.value = { ...current.peek(), ...told };
      fault.value = null;
      if (told.finished) return;
    } catch (problem) {
      if (!(problem instanceof Fault)) throw problem;
      fault.value = problem.status === 404 ? { text: null, lost: true } : problem;
      if (problem.status && problem.status < 500 && problem.status !== 429) return;
    }
  }
}

async function send(file) {
  fault.value = null;
  if (file.size > LARGEST) {
    fault.value = { large: true };
    return;
  }
  current.value = { name: file.name, rows: 0, done: 0, failed: 0, results: [], finished: false };
  try {
    const told = await post(`/api/complaints/csv${query({ topic: topic.peek() || topics()[0] })}`, file);
    current.value = { ...current.peek(), ...told };
    followUpload(told.upload, told.rows);
  } catch (problem) {
    if (!(problem instanceof Fault)) throw problem;
    current.value = null;
    fault.value = problem;
  }
}

/** A town seat files what it found itself, not what callers said. */
const topics = () => (me.value?.role === "town" ? ["city-events"] : ["complaints", "city-events"]);
const busy = () => current.value && !current.value.finished && !fault.value;

function FaultNote() {
  const what = fault.value;
  if (!what) return null;
  const text = what.large ? t("upload.large") : what.lost ? t("upload.lost") : said(what.text);
  return html`<p class="note bad" role="alert">✕ ${text} ${what.body?.where ?? ""}</p>`;
}

function Progress() {
  const told = current.value;
  if (!told) return null;
  const through = told.done + told.failed;
  return html`<p class="inline" role="status"><b class="cut">${told.name}</b>
    <progress max=${Math.max(1, told.rows)} value=${through} aria-label=${t("upload.progress")}></progress>
    ${t(told.finished ? "upload.finished" : "upload.underway", { through, rows: told.rows })} ·
    <span class="good">✓ ${t("upload.done", { n: told.done })}</span> ·
    <span class=${told.failed ? "danger" : ""}>✕ ${t("upload.failed", { n: told.failed })}</span></p>`;
}

function Results() {
  const results = current.value?.results ?? [];
  if (!results.length) return null;
  const failed = results.filter((one) => one.status >= 300);
  const ordered = [...failed, ...results.filter((one) => one.status < 300)];
  return html`<div class="scroll upload-rows"><table><thead><tr><th class="n">${t("upload.row")}</th><th>${t("upload.state")}</th><th>source_id</th>
    <th>${t("upload.reason")}</th></tr></thead><tbody>${ordered.slice(0, SHOWN).map((one) => {
      const bad = one.status >= 300;
      return html`<tr key=${one.row}><td class="n">${one.row}</td><td class=${bad ? "danger nowrap" : "good nowrap"}>${bad ? "✕" : "✓"} ${t(bad ? "upload.refused" : "upload.kept")}</td>
        <td>${one.source_id}</td><td>${bad ? said(one.text) : ""}</td></tr>`;
    })}</tbody></table>
    ${ordered.length > SHOWN && html`<p class="quiet">${t("upload.more", { n: ordered.length - SHOWN })}</p>`}</div>`;
}

function Topic() {
  const all = topics();
  return html`<fieldset class="inline"><legend class="only-read">${t("upload.topic")}</legend><span class="quiet">${t("upload.topic")}</span>
    ${all.map(
      (one) => html`<label key=${one}><input type="radio" name="topic" value=${one} checked=${(topic.value || all[0]) === one}
        onChange=${() => {
          topic.value = one;
        }} /> ${t(`upload.${one}`)}</label>`,
    )}</fieldset>`;
}

export function Upload({ close }) {
  const first = useFocus();
  const [over, setOver] = useState(false);
  const take = (files) => {
    if (files?.[0] && !busy()) send(files[0]);
  };
  const drag = (inside) => (event) => {
    event.preventDefault();
    setOver(inside);
  };
  return html`<section class="form wide upload" role="dialog" aria-label=${t("upload.head")} onKeyDown=${(event) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
  }}><h2>${t("upload.head")}</h2>
    <${Topic} />
    <label class=${over ? "drop over" : "drop"} onDragOver=${drag(true)} onDragLeave=${drag(false)} onDrop=${(event) => {
      drag(false)(event);
      take(event.dataTransfer?.files);
    }}><span class="pick"><kbd>⏎</kbd>${t("upload.choose")}</span><span class="quiet">${t("upload.drop")}</span>
      <input type="file" class="only-read" accept=".csv,text/csv" ref=${first} disabled=${busy()} onChange=${(event) => {
        take(event.currentTarget.files);
        event.currentTarget.value = ""; // the same file, corrected, may be chosen again
      }} /></label>
    <${FaultNote} /><${Progress} /><${Results} />
    <details open=${!current.value}><summary>${t("upload.columns")}</summary><table><tbody>${COLUMNS.map(
      (name) =>
        html`<tr key=${name}><td><code>${name}</code>${NEEDED.has(name) && html` <b>${t("upload.needed")}</b>`}</td><td>${t(`column.${name}`)}</td></tr>`,
    )}</tbody></table></details>
    <p class="foot"><button onClick=${close}><kbd>Esc</kbd>${t("form.close")}</button></p></section>`;
}
