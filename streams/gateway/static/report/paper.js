// What both sheets have: a head, the line that says when and by whom it was made, and fetching with its faults in words.
import { html, useEffect, useState } from "../shared/dom.js";
import { Fault, me } from "../shared/api.js";
import { serverNow } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { shortDesk, territoryName, unitName } from "../shared/names.js";
import { dayAt, desk } from "./choice.js";

const form = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hourCycle: "h23", hour: "2-digit", minute: "2-digit" });

/** Whose sheet it is: a desk's, a town seat's, a unit's, or that of all desks. */
export function areaName() {
  const { territory = "", unit = "" } = me.value ?? {};
  if (desk.value) return shortDesk(desk.value);
  return territoryName(territory) || unitName(unit) || t("head.all");
}

/** 2026-07-13 14:31: paper outlives its day. */
export const stamp = (at) => `${dayAt(at)} ${form.format(at)}`;

/** Fetches for a sheet: null while it is on its way. */
export function useFetched(ask, deps) {
  const [told, setTold] = useState({ data: null, fault: null });
  useEffect(() => {
    let gone = false;
    setTold({ data: null, fault: null });
    ask().then(
      (data) => gone || setTold({ data, fault: null }),
      (fault) => {
        if (!(fault instanceof Fault)) throw fault;
        if (!gone) setTold({ data: null, fault });
      },
    );
    return () => {
      gone = true;
    };
  }, deps);
  return told;
}

/** In a style sheet's `content` a text stands in quotes. */
const quoted = (text) => `"${text.replace(/["\\]/g, "")}"`;

/** The head stands on the first page; in the margin of every page stands the same in one line (report.css). */
export function Paper({ title, asOf, children }) {
  const who = me.value ? `${me.value.account} · ${word("account", me.value.role)}` : "";
  const made = t("report.made", { at: stamp(asOf ?? serverNow()), who });
  useEffect(() => {
    document.title = title;
    document.documentElement.style.setProperty("--sheet-head", quoted(title));
    document.documentElement.style.setProperty("--sheet-made", quoted(`${made} · ${t("report.note")}`));
  });
  return html`<article class="paper" aria-label=${title}><header><h1>${title}</h1><p class="quiet">${made} · ${t("report.note")}</p></header>
    ${children}</article>`;
}

/** What stands on the paper while there is nothing, or why there is nothing. */
export function Waiting({ fault }) {
  return fault
    ? html`<p class="note bad" role="alert">${said(fault.text)}</p>`
    : html`<p class="quiet" role="status">${t("list.loading")}</p>`;
}
