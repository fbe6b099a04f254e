// Words: one catalogue a language, equal keys, switched without reload since `lang` is a signal that every text reads.
import zh from "../i18n/zh.js";
import en from "../i18n/en.js";
import { effect } from "./dom.js";
import { kept } from "./prefs.js";

const CATALOGUES = { zh, en };

/** "zh" or "en". */
export const lang = kept("lang", "zh");
effect(() => {
  document.documentElement.lang = lang.value === "zh" ? "zh-CN" : "en";
});

/** The words of a key; `{name}` is filled from `slots`. A key without words is shown itself, so that it is seen. */
export function t(key, slots) {
  const words = CATALOGUES[lang.value]?.[key] ?? key;
  return slots ? words.replace(/\{(\w+)\}/g, (_, name) => String(slots[name] ?? "")) : words;
}

/** The words of a key that may not be in the catalogue: then `or`. For codes that a newer server may send. */
export function word(group, code, or = code) {
  return CATALOGUES[lang.value]?.[`${group}.${code}`] ?? or;
}

/** Words in Chinese whatever the screen's language: what is written into a case's record. */
export const inChinese = (key) => zh[key] ?? key;

/** The server's own two-language text. */
export const said = (text) => (text ? text[lang.value] || text.zh || text.en || "" : "");
