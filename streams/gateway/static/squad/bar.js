// The bar at the top, only while it is not well; the way to an offer from wherever one is; the three places at the foot.
import { html } from "../shared/dom.js";
import { spanText, ticking } from "../shared/clock.js";
import { t } from "../shared/i18n.js";
import { day, myOffers, readAt } from "./day.js";
import { link } from "./link.js";
import { mine, tasks } from "./list.js";
import { waiting } from "./outbox.js";
import { canSound } from "./ring.js";
import { path, route } from "./route.js";

const PATIENCE = 4_000; // what heals faster is not worth a bar

const wallText = (at) => new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);

export function Trouble() {
  ticking();
  const { how, since, heard } = link.value;
  const offline = !navigator.onLine || (!how && Date.now() - since > PATIENCE);
  const queue = waiting.value;
  const first = queue.length ? Math.min(...queue.map((one) => one.made)) : 0;
  const stuck = queue.length > 0 && Date.now() - first > PATIENCE;
  if (!offline && !stuck) return null;
  const parts = [offline ? t("bar.offline") : t("bar.slow")];
  if (queue.length) parts.push(t("bar.queued", { n: queue.length }));
  parts.push(t("bar.since", { at: wallText(offline ? heard || readAt.value || since : first) }));
  return html`<div class="trouble" role="status">${parts.join(" · ")}</div>`;
}

/** Nothing moves under the hand: who is in a case or a form is told, and goes there by themselves. */
export function Waiting() {
  const [place] = route.value;
  const list = myOffers.value;
  if (!list.length || !place) return null;
  return html`<a class="waiting" href="#/" role="status">${t("offer.waiting", { n: list.length })} ${spanText(Math.max(0, list[0].due_at - ticking()))} →</a>`;
}

/** Up from a case or a task. */
export function Up() {
  const [place, id, part] = route.value;
  if (place !== "case" && place !== "task") return null;
  const up = place === "task" ? "#/tasks" : part ? path("case", id) : "#/";
  return html`<nav class="up"><a class="button tall" href=${up}>‹ ${t("form.back")}</a></nav>`;
}

export function Silent() {
  return canSound.value ? null : html`<p class="silent">${t("bar.silent")}</p>`;
}

export function Foot() {
  const [place] = route.value;
  if (!place && myOffers.value.length) return null; // the foot is the thumb's, and the thumb's is the answer
  if (place === "case" || place === "task") return null;
  const told = day.value;
  const tabs = [
    ["list", t("tab.cases"), told ? mine(told).length : 0],
    ["tasks", t("tab.tasks"), told ? tasks(told).length : 0],
    ["team", t("tab.team"), 0],
  ];
  return html`<nav class="tabs" aria-label=${t("tab.title")}>${tabs.map(
    ([id, name, n]) =>
      html`<a key=${id} href=${`#/${id}`} aria-current=${(place || "list") === id ? "page" : undefined}>${name}${n ? html` <b>${n}</b>` : null}</a>`,
  )}</nav>`;
}
