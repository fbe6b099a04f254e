// A verb's key was pressed and its case is still on its way: the answer to the key is at once a place to go on typing.
// What is typed here is what the form begins with, Enter included; Esc gives it up.
import { html, signal, useFocus } from "../shared/dom.js";
import { said, t } from "../shared/i18n.js";
import { openFault } from "./opened.js";

/** Lines typed before the form was there. @type {import("../shared/types.js").Held<{text:string, entered:boolean}[]>} */
export const typedAhead = signal([]);

export function Soon({ verbKey, close }) {
  const input = useFocus();
  const lines = typedAhead.value;
  const line = lines.at(-1)?.entered === false ? lines.at(-1).text : "";
  const put = (text, entered) => {
    const done = lines.filter((one) => one.entered);
    typedAhead.value = [...done, { text, entered }];
  };
  const keyed = (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Enter") put(line, true);
    if (event.key === "Escape") close();
  };
  const fault = openFault.value;
  return html`<section class="form small" role="dialog" aria-label=${t("soon.title", { key: verbKey })}><h2>${t("soon.title", { key: verbKey })}</h2>
    <input class="type" ref=${input} value=${line} onInput=${(e) => put(e.currentTarget.value, false)} onKeyDown=${keyed}
      aria-label=${t("soon.title", { key: verbKey })} autocomplete="off" />
    ${fault ? html`<p class="note bad" role="alert">${said(fault.text)}</p>` : html`<p class="quiet" role="status">${t("soon.text")}</p>`}
    <p class="foot"><button onClick=${close}><kbd>Esc</kbd>${t("form.back")}</button></p></section>`;
}
