// A deadline's shape as an element. The sign of a pause is drawn by the style sheet: the fonts of bare machines lack it.
import { html } from "./dom.js";
import { SHAPES } from "./deadline.js";

export const Shape = ({ state }) => html`<span class=${`shape ${state}`} aria-hidden="true">${SHAPES[state]}</span>`;
