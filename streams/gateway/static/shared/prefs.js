// What a browser remembers of its user: language, theme, mutes, last reasons. Never anything of a case's content.
import { effect, signal } from "./dom.js";

/** A signal that outlives the page. Storage may be full or forbidden: then it lives as long as the page. */
export function kept(name, first) {
  const key = `paidan.${name}`;
  let value = first;
  try {
    const text = localStorage.getItem(key);
    if (text !== null) value = JSON.parse(text);
  } catch {
    // unreadable: as if it were not there
  }
  const kept = signal(value);
  effect(() => {
    const text = JSON.stringify(kept.value);
    try {
      localStorage.setItem(key, text);
    } catch {
      // see above
    }
  });
  return kept;
}

/** "" as the system wishes, "light", "dark". */
export const theme = kept("theme", "");
effect(() => {
  if (theme.value) document.documentElement.dataset.theme = theme.value;
  else delete document.documentElement.dataset.theme;
});

/** Puts an item first in a remembered list, at most `most` long. */
export function remember(list, item, most) {
  list.value = [item, ...list.value.filter((other) => other !== item)].slice(0, most);
}
