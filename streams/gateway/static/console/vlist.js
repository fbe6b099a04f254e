// A list of thousands of 32 px rows of which only the visible ones are in the page. Keyed by id; what a live update
// puts in above the eye does not move what the eye is on: the first visible row keeps its place on the glass.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/dom.js";
import { t } from "../shared/i18n.js";

const ROW = 32;
const SPARE = 6; // rows drawn beyond each edge, so that a scroll step shows no gap

/** Which index holds the row at the top edge, and how far it is scrolled in. */
const anchorOf = (box, ids) => {
  const index = Math.floor(box.scrollTop / ROW);
  return { id: ids[index], into: box.scrollTop - index * ROW };
};

export function List({ rows, scope, name, label, cursor, draw, onFocus, onPoint, onOpen, onMark, marked, empty }) {
  const box = useRef(null);
  const ids = rows.map((row) => row.id);
  const kept = useRef({ ids, scope, anchor: null, hand: false, seen: new Set(ids), drawn: new WeakMap() });
  const [view, setView] = useState({ top: 0, height: 400 });
  const [news, setNews] = useState(0);
  const [room, setRoom] = useState(0); // a short list grows below, so that it can be scrolled to keep its anchor

  useLayoutEffect(() => {
    const measure = () => setView({ top: box.current.scrollTop, height: box.current.clientHeight });
    const watch = new ResizeObserver(measure);
    watch.observe(box.current);
    measure();
    return () => watch.disconnect();
  }, []);

  // After each change of the list: keep the anchor row where it was, and count what came in above it.
  useLayoutEffect(() => {
    const k = kept.current;
    if (k.scope !== scope) {
      // another question: its answer is read from the top
      Object.assign(k, { scope, ids, seen: new Set(ids) });
      box.current.scrollTop = 0;
      k.anchor = anchorOf(box.current, ids);
      setNews(0);
      return;
    }
    if (same(k.ids, ids)) return;
    const atTop = box.current.scrollTop < ROW / 2 && !k.hand;
    const place = k.anchor?.id === undefined ? -1 : ids.indexOf(k.anchor.id);
    const fresh = ids.slice(0, Math.max(place, 0)).filter((id) => !k.seen.has(id)).length;
    k.ids = ids;
    k.seen = new Set(ids);
    if (!atTop && place >= 0) {
      const top = place * ROW + k.anchor.into;
      const needed = top + box.current.clientHeight;
      if (needed > ids.length * ROW) {
        setRoom(needed);
        box.current.firstElementChild.style.height = `${needed}px`;
      }
      if (Math.abs(top - box.current.scrollTop) >= 1) box.current.scrollTop = top;
      if (fresh) setNews((n) => n + fresh);
    }
    k.anchor = anchorOf(box.current, ids);
  });

  // The cursor is followed when the hand moves it (its id changes), never when the list moves under it.
  useEffect(() => {
    const place = ids.indexOf(cursor);
    const at = box.current;
    if (place < 0) return;
    if (place * ROW < at.scrollTop) at.scrollTop = place * ROW;
    else if ((place + 1) * ROW > at.scrollTop + at.clientHeight) at.scrollTop = (place + 1) * ROW - at.clientHeight;
  }, [cursor]);

  const scrolled = () => {
    kept.current.anchor = anchorOf(box.current, kept.current.ids);
    setView({ top: box.current.scrollTop, height: box.current.clientHeight });
    if (box.current.scrollTop >= ROW / 2) return;
    setNews(0);
    setRoom(0);
  };
  const first = Math.max(0, Math.floor(view.top / ROW) - SPARE);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + SPARE);
  const shown = rows.slice(first, last);
  // The same row gives the same node, which is then not compared again: a step of the cursor redraws two rows.
  const drawnOf = (row) => {
    const known = kept.current.drawn;
    if (!known.has(row)) known.set(row, draw(row));
    return known.get(row);
  };
  const idOf = (event) => event.target.closest?.("[data-id]")?.dataset.id;
  const drawn = shown.some((row) => row.id === cursor);

  return html`<div class="listbox">
    ${
      news > 0 &&
      html`<button class="news" onClick=${() => {
        box.current.scrollTop = 0;
        setNews(0);
      }}>${t("list.news", { n: news })}
      </button>`
    }
    <div class="vlist" ref=${box} role="listbox" tabindex="0" aria-label=${label} aria-multiselectable="true" id=${`list-${name}`}
      aria-activedescendant=${drawn ? `${name}-${cursor}` : undefined} onScroll=${scrolled} onFocus=${onFocus}
      onPointerEnter=${() => {
        kept.current.hand = true;
      }} onPointerLeave=${() => {
        kept.current.hand = false;
      }}
      onClick=${(event) => {
        const id = idOf(event);
        if (id) {
          onPoint(id);
          (event.ctrlKey || event.metaKey ? onMark : onOpen)(id);
        }
      }}>
      <div class="vspace" role="presentation" style=${{ height: `${Math.max(rows.length * ROW, room, 1)}px` }}>
        ${shown.map(
          (row, i) => html`<div key=${row.id} data-id=${row.id} id=${`${name}-${row.id}`} role="option"
          class=${`row${row.id === cursor ? " at" : ""}${marked.has(row.id) ? " marked" : ""}`}
          aria-selected=${row.id === cursor || marked.has(row.id) ? "true" : "false"} aria-setsize=${rows.length}
          aria-posinset=${first + i + 1} style=${{ transform: `translateY(${(first + i) * ROW}px)` }}>${drawnOf(row)}</div>`,
        )}
      </div>
    </div>
    ${rows.length === 0 && html`<p class="quiet empty">${empty}</p>`}
  </div>`;
}

function same(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
