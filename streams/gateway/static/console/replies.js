// Where the answers to the sources stand: sent = acknowledged + pending + given up, for each source, and it is shown that
// the parts add up. A source that fetches its answers itself cannot be counted this way, and the line says so.
/** @typedef {{source:string, sent:number, acknowledged:number, pending:number, dead:number,
 *   oldest_pending_at:number|null, by_topic:boolean}} Account */
import { html, useEffect, useFocus, useState } from "../shared/dom.js";
import { Fault, get } from "../shared/api.js";
import { instantText, spanText, ticking } from "../shared/clock.js";
import { tone } from "../shared/deadline.js";
import { said, t } from "../shared/i18n.js";
import { Shape } from "../shared/shape.js";

const EVERY = 5_000;
const SLOW = 5 * 60_000;
const STUCK = 30 * 60_000;

/** How long the oldest has waited, in three steps. */
const waitState = (age) => (age > STUCK ? "overdue" : age > SLOW ? "warn" : "in_time");

function useAccounts() {
  const [told, setTold] = useState(null);
  const [fault, setFault] = useState(null);
  useEffect(() => {
    let gone = false;
    const ask = async () => {
      try {
        const answer = await get("/api/replies");
        if (gone) return;
        setTold(answer);
        setFault(null);
      } catch (problem) {
        if (!(problem instanceof Fault)) throw problem;
        if (!gone) setFault(problem);
      }
    };
    ask();
    const timer = setInterval(ask, EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, []);
  return { told, fault };
}

function Pending({ account }) {
  const now = ticking();
  const since = account.oldest_pending_at;
  if (!account.pending || !since) return html`<span class="quiet">–</span>`;
  const state = waitState(now - since);
  return html`<span class=${tone(state)}><${Shape} state=${state} /> ${t(`replies.${state}`)} ${spanText(now - since)}</span>`;
}

/** 312 = 300 + 9 + 3 ✓ */
function Sum({ account }) {
  const { sent, acknowledged, pending, dead } = account;
  const rest = sent - acknowledged - pending - dead;
  return rest
    ? html`<b class="danger">✕ ${t("replies.off", { n: Math.abs(rest) })}</b>`
    : html`<span class="good">✓ ${t("replies.adds_up")}</span>`;
}

function Line({ account }) {
  const { source, sent, acknowledged, pending, dead, by_topic: fetches } = account;
  if (fetches)
    return html`<tr><td>${source}</td><td class="n"><b>${sent}</b></td><td class="quiet" colspan="5">${t("replies.fetches")}</td></tr>`;
  return html`<tr><td>${source}</td><td class="n"><b>${sent}</b></td><td class="n">= ${acknowledged}</td><td class="n">+ ${pending}</td>
    <td class=${dead ? "n danger" : "n"}>+ ${dead ? "✕ " : ""}${dead}</td><td><${Sum} account=${account} /></td><td><${Pending} account=${account} /></td></tr>`;
}

const FAULTS = { 404: "replies.not_there", 503: "replies.not_now" };

export function Replies({ close }) {
  const box = useFocus();
  const { told, fault } = useAccounts();
  const wrong = fault && (FAULTS[fault.status] ? t(FAULTS[fault.status]) : said(fault.text));
  return html`<section class="form wide" role="dialog" aria-modal="true" aria-label=${t("replies.title")} tabindex="-1" ref=${box}><h2>${t("replies.title")}</h2>
    ${wrong && html`<p class="note bad" role="alert">${wrong}</p>`}
    ${!told && !fault && html`<p class="quiet">${t("list.loading")}</p>`}
    ${
      told &&
      html`<table class=${fault ? "quiet" : ""}><thead><tr><th>${t("replies.source")}</th><th class="n">${t("replies.sent")}</th><th class="n">${t("replies.acknowledged")}</th>
      <th class="n">${t("replies.pending")}</th><th class="n">${t("replies.dead")}</th><th>${t("replies.sum")}</th><th>${t("replies.oldest")}</th></tr></thead>
      <tbody>${told.sources.map((one) => html`<${Line} key=${one.source} account=${one} />`)}</tbody></table>
      ${!told.sources.length && html`<p class="quiet">${t("replies.none")}</p>`}
      <p class="quiet">${t("foot.as_of", { at: instantText(told.now) })}</p>`
    }
    <p class="foot"><button onClick=${close}><kbd>Esc</kbd>${t("form.close")}</button></p></section>`;
}
