// Where in the page one is: the part of the address behind "#", so that the telephone's own way back works.
import { signal } from "../shared/dom.js";

const read = () => location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);

/** ["case", id, "dispose"], ["tasks"], …; [] the start. @type {import("../shared/types.js").Held<string[]>} */
export const route = signal(read());
addEventListener("hashchange", () => {
  route.value = read();
});

export const path = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
export const go = (...parts) => {
  location.hash = path(...parts);
};
/** Back to where one came from; to `parts` if the page began here. */
export const back = (...parts) => {
  if (history.length > 1) history.back();
  else go(...parts);
};
