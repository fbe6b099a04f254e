// All keys, from the tables that the keys themselves are read from.
import { html, useFocus } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { VERBS } from "./verbs.js";

const MOVES = [
  ["j k ↓ ↑", "move"],
  ["⏎", "open"],
  ["1 2", "lists"],
  ["␣", "mark"],
  ["/", "search"],
  ["w", "why"],
  ["t", "story"],
  ["n", "new"],
  ["U", "upload"],
  ["[ ]", "desks"],
  ["Esc", "back"],
  ["?", "help"],
];
const GOES = [
  ["g m", "map"],
  ["g s", "squads"],
  ["g c", "cases"],
  ["g f", "filter"],
  ["g w", "wall"],
  ["g p", "report"],
  ["g l", "replies"],
  ["g n", "devices"],
  ["g e", "evidence"],
  ["g a", "approvals"],
  ["g d", "disputes"],
  ["g r", "requests"],
  ["g k", "checks"],
];

const Keys = ({ title, rows }) =>
  html`<section><h3>${title}</h3><table><tbody>${rows.map(([key, words]) => html`<tr key=${key + words}><td class="nowrap"><kbd>${key}</kbd></td><td>${words}</td></tr>`)}</tbody></table></section>`;

export function Help({ close }) {
  const box = useFocus();
  return html`<section class="form wide" role="dialog" aria-modal="true" aria-label=${t("help.title")} tabindex="-1" ref=${box}><h2>${t("help.title")}</h2><div class="help">
    <${Keys} title=${t("help.moves")} rows=${MOVES.map(([key, name]) => [key, t(`key.${name}`)])} />
    <${Keys} title=${t("help.verbs")} rows=${VERBS.map((verb) => [verb.key, t(`verb.${verb.id}`)])} />
    <${Keys} title=${t("help.goes")} rows=${GOES.map(([key, name]) => [key, t(`go.${name}`)])} /></div>
    <p class="quiet">${t("help.forms")}</p><p class="foot"><button onClick=${close}><kbd>Esc</kbd>${t("form.close")}</button></p></section>`;
}
