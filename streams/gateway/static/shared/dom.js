// The one place where the vendored parts are named: everything else imports from here.
// All text goes through `html`, which makes text nodes of values: no word of anybody can become markup.
import { h, render } from "../vendor/preact.js";
import { useLayoutEffect, useRef } from "../vendor/hooks.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export { h, render };
export { useEffect, useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
export { batch, computed, effect, signal } from "../vendor/signals.js";

/**
 * A ref of an element that takes the focus when it appears (`autofocus` works only as a page is loaded). At once, so
 * that the next key already goes there.
 */
export function useFocus() {
  const ref = useRef(null);
  useLayoutEffect(() => {
    ref.current?.focus();
  }, []);
  return ref;
}
