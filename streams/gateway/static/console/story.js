// "Why" and "Story" out of the same lines: the story is all of them, why is the decisions with their steps and the
// candidates, the winner first, each loser with its one reason.
import { html } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { shortDesk, squadName } from "../shared/names.js";
import { story } from "./opened.js";
import { openId } from "./state.js";

function Candidates({ rows }) {
  const sorted = [...rows].sort((a, b) => (a.lost ? 1 : 0) - (b.lost ? 1 : 0));
  return html`<table class="candidates"><thead><tr><th>${t("why.squad")}</th><th class="n">${t("why.pairs")}</th>
    <th class="n">${t("why.load")}</th><th class="n">${t("why.metres")}</th><th>${t("why.verdict")}</th></tr></thead>
    <tbody>${sorted.map(
      (one) => html`<tr key=${`${one.squad}${one.team}`} class=${one.lost ? "quiet" : "won"}>
    <td>${squadName(one.squad)} ${one.team ?? ""}</td><td class="n">${one.pairs ?? ""}</td>
      <td class="n">${one.load ?? ""}</td><td class="n">${one.metres ?? ""}</td>
      <td>${one.lost ? `✕ ${word("lost", one.lost)}` : `✓ ${t("why.won")}`}</td></tr>`,
    )}</tbody></table>`;
}

/** What stands below an event, without its candidates: those are the table. */
function stepsOf(line) {
  const told = (line.candidates ?? []).map((one) => one.team);
  return (line.below ?? []).filter((step) => !told.some((team) => step.includes(team)));
}

function Steps({ line }) {
  return html`<ol class="why-steps">${stepsOf(line).map((step, i) => html`<li key=${i}>${step}</li>`)}</ol>`;
}

function Waiting() {
  const answer = story.value;
  if (!answer) return html`<p class="quiet">${t("list.loading")}</p>`;
  return answer.fault ? html`<p class="note bad">${said(answer.fault)}</p>` : null;
}

export function Why() {
  const decided = (story.value?.lines ?? []).filter((line) => line.below?.length || line.candidates?.length);
  return html`<div class="part"><${Waiting} />
    ${story.value && !story.value.fault && !decided.length && html`<p class="quiet">${t("why.nothing")}</p>`}
    ${[...decided].reverse().map(
      (line) => html`<section key=${line.version}><h3>${line.text} <span class="quiet">${instantText(line.at)}
      </span></h3>
      ${line.below?.length ? html`<${Steps} line=${line} />` : null}${
        line.candidates?.length
          ? html`<${Candidates}
          rows=${line.candidates} />`
          : null
      }
        </section>`,
    )}
    <p><a href=${`/api/cases/${encodeURIComponent(openId.value)}/why?lang=${document.documentElement.lang.slice(0, 2)}`} target="_blank"
        rel="noopener">${t("why.text")}
    </a></p></div>`;
}

/** A story as text with tabs, for a file that a spreadsheet opens. */
function exportStory(lines) {
  const clean = (cell) =>
    String(cell ?? "")
      .replace(/\s+/g, " ")
      .replace(/^[=+\-@]/, "'$&");
  const text = lines
    .map((line) =>
      [new Date(line.at).toISOString(), line.desk, line.version, line.event, line.actor ?? "", line.authority ?? "", line.text]
        .map(clean)
        .join("\t"),
    )
    .join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/tab-separated-values" }));
  link.download = `${openId.value}.tsv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** An actor is {id, role} or a plain id. */
const actorText = (actor) => (!actor ? t("story.rules") : typeof actor === "string" ? actor : `${actor.id} ${word("role", actor.role)}`);

export function Story() {
  const lines = story.value?.lines ?? [];
  return html`<div class="part"><${Waiting} /><table class="story"><thead><tr><th>${t("story.at")}</th><th>${t("story.who")}</th>
    <th>${t("story.authority")}</th><th>${t("story.what")}</th></tr></thead>
    <tbody>${lines.map(
      (line) => html`<tr key=${`${line.desk}${line.version}${line.event}${line.at}`}>
    <td class="nowrap">${instantText(line.at)}${
      line.happened_at && line.happened_at !== line.at
        ? html`<br />
    <span class="quiet">${t("story.happened", { at: instantText(line.happened_at) })}</span>`
        : null
    }</td>
      <td>${actorText(line.actor)}<br /><span class="quiet">${shortDesk(line.desk)}</span></td>
      <td>${line.authority ? word("superior", line.authority) : ""}</td>
      <td>${line.text}${
        line.event === "CaseRegistered"
          ? null
          : stepsOf(line).map(
              (part, i) => html`<br key=${i} />
      <span class="quiet">${part}</span>`,
            )
      }</td></tr>`,
    )}</tbody></table>
    ${lines.length > 0 && html`<button onClick=${() => exportStory(lines)}>${t("story.export")}</button>`}</div>`;
}
