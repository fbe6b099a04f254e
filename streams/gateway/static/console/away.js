// The open case has left this desk: said at once, with where it is now if that may be seen.
import { html } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { t, word } from "../shared/i18n.js";
import { shortDesk } from "../shared/names.js";
import { away } from "./opened.js";
import { deskId } from "./store.js";

function words({ at, where }) {
  const when = instantText(at);
  if (where === undefined) return t("away.asking", { at: when });
  if (where === null) return t("away.unknown", { at: when });
  const status = word("status", where.row.status);
  return where.open && deskId.value && where.row.desk !== deskId.value
    ? t("away.desk", { at: when, desk: shortDesk(where.row.desk), status })
    : t("away.ended", { at: when, status });
}

/** `id`: of the case that it is said about. */
export function Away({ id }) {
  const gone = away.value;
  return gone?.id === id ? html`<p class="banner away" role="alert">⇥ ${words(gone)}</p>` : null;
}
