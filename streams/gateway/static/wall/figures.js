// How figures are written, on the wall and where they are opened.
import { lang, t } from "../shared/i18n.js";

/** 83.1 of 412/496, cut and not rounded: 79.96 % has not reached 80. */
export const share = ({ numerator, denominator }) => `${(Math.floor((numerator * 1000) / denominator) / 10).toFixed(1)}`;
export const counted = (figure) => (figure?.denominator ? figure : null);
/** With its sign; "no data" of nothing. */
export const percent = (figure) => (counted(figure) ? `${share(figure)} %` : t("wall.no_data"));

/** Fen are written as yuan, all else as it is. */
export function amount(value, unit) {
  const form = new Intl.NumberFormat(lang.value === "zh" ? "zh-CN" : "en", unit === "fen" ? { minimumFractionDigits: 2 } : {});
  return form.format(unit === "fen" ? value / 100 : value);
}

/** As `parts`, for who looks for two seconds: yuan in ten thousands or millions, cut and not rounded. */
export function brief(figure, unit) {
  if (unit !== "fen") return `${figure.numerator}/${figure.denominator}`;
  const form = new Intl.NumberFormat(lang.value === "zh" ? "zh-CN" : "en", { notation: "compact", maximumFractionDigits: 1, roundingMode: "trunc" });
  return `${form.format(figure.numerator / 100)}/${form.format(figure.denominator / 100)} ${t("measure.fen")}`;
}

/** 412/496. */
export const parts = (figure, unit) => `${amount(figure.numerator, unit)} / ${amount(figure.denominator, unit)}`;

/** Why a number cannot be computed, as one text; "": it can. */
export const reasons = (why) => (Array.isArray(why) ? why : Object.values(why ?? {}).flat()).join("；");
