// What a field offers to pick from, best first: for an override the squads that are near and least loaded, the recent
// ones before them; for a reason the last three used, then the coded list.
/** @typedef {{value:any, label:string, hint?:string, phone?:string}} Choice */
import { catalog, itemName, known, shortDesk, squadName, territoryName, unitName } from "../shared/names.js";
import { inChinese, t, word } from "../shared/i18n.js";
import { kept, remember } from "../shared/prefs.js";
import { rows, squads } from "./store.js";

/** Codes that the explanations know in both languages (words.REASONS); another reason is written in Chinese. */
const CODES = new Set(["capacity", "no_capacity", "same_matter", "theirs_by_the_list", "not_theirs", "wrong_item"]);
const recentOwners = kept("owners", []);
const recentReasons = kept("reasons", {});

/** What goes into the record for a coded reason. */
const recorded = (code) => (CODES.has(code) ? code : inChinese(`why.${code}`));
const reasonWords = (code) => word("why", code, word("reason", code, code));

/** Keeps what was picked, so that it comes first next time. */
export function used(verb, filled) {
  for (const field of verb.fields) {
    const value = filled[field.name];
    if (!value) continue;
    if (field.kind === "owner") remember(recentOwners, value, 5);
    if (field.kind === "reason") {
      const last = (recentReasons.value[verb.id] ?? []).filter((other) => other !== value);
      recentReasons.value = { ...recentReasons.value, [verb.id]: [value, ...last].slice(0, 3) };
    }
  }
}

const loadOf = (id) => squads.value.find((squad) => squad.id === id);

/** The squads of the case's desk, those first that are near and have little to do. */
function squadsFor(row) {
  const near = new Set([row?.territory, ...(row?.near ?? [])]);
  const rank = ({ id, territory }) => (near.has(territory) ? 0 : 1) + (loadOf(id) ? loadOf(id).load / (loadOf(id).cap || 1) : 0);
  return catalog.value.squads.filter((squad) => !row || squad.desk === row.desk).sort((a, b) => rank(a) - rank(b));
}

function owners(row) {
  const mine = squadsFor(row);
  const recent = recentOwners.value.filter((id) => mine.some((squad) => squad.id === id) || known("unit", id));
  const rest = mine.map((squad) => squad.id);
  const units = catalog.value.units.filter((unit) => !row || unit.desk === row.desk || unit.desk === "jiaxing").map((unit) => unit.id);
  return [...new Set([...recent, ...rest, ...units])].map((id) => {
    const load = loadOf(id);
    return {
      value: id,
      label: known("squad", id) ? squadName(id) : unitName(id),
      hint: [recent.includes(id) ? t("pick.recent") : "", load ? `${load.load}/${load.cap}` : (known("unit", id)?.kind ?? "")]
        .filter(Boolean)
        .join(" · "),
    };
  });
}

/** Whom to telephone: the leader of the squad that has the case before all others; nobody about a complaint of themselves. */
function phones(row) {
  const others = squadsFor(row).filter(({ id, phone }) => phone && !(row?.about ?? []).includes(id));
  const first = others.filter(({ id }) => id === row?.squad);
  return [...new Set([...first, ...others])].map(({ id, phone }) => ({ value: id, label: squadName(id), hint: phone, phone }));
}

function reasons(verb, field) {
  const last = recentReasons.value[verb.id] ?? [];
  const coded = field.reasons.filter((code) => !last.includes(recorded(code)));
  const label = (text) => {
    const code = field.reasons.find((one) => recorded(one) === text);
    return code ? reasonWords(code) : text;
  };
  return [
    ...last.map((text) => ({ value: text, label: label(text), hint: t("pick.recent") })),
    ...coded.map((code) => ({ value: recorded(code), label: reasonWords(code) })),
  ];
}

/** Open cases that a case may be merged into: of its own territory and matter first. */
function cases(row) {
  const rank = (other) => (other.territory === row?.territory ? 0 : 2) + (other.item === row?.item ? 0 : 1);
  return [...rows.values()]
    .filter((other) => other.id !== row?.id && other.status !== "merged" && (!row || other.desk === row.desk))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, 300)
    .map((other) => ({ value: other.id, label: `${other.no} ${other.title}`, hint: other.address || territoryName(other.territory) }));
}

/** @returns {Choice[]} */
export function choicesOf(verb, field, row) {
  switch (field.kind) {
    case "owner":
      return owners(row);
    case "phone":
      return phones(row);
    case "reason":
      return reasons(verb, field);
    case "choice":
      return field.choices.map((value) => ({ value, label: word(field.words, value) }));
    case "yesno":
      return [true, false].map((value) => ({ value, label: t(`yesno.${field.words}.${value}`) }));
    case "case":
      return cases(row);
    case "item":
      return catalog.value.items.map(({ id, domain }) => ({ value: id, label: itemName(id), hint: domain }));
    case "territory":
      return catalog.value.territories.map(({ id, desk }) => ({ value: id, label: territoryName(id), hint: shortDesk(desk) }));
    case "desk":
      return [...catalog.value.desks, ...(catalog.value.other_desks ?? [])]
        .filter(({ id }) => id !== row?.desk)
        .map(({ id, name }) => ({ value: id, label: name }));
    case "officers":
      return (row?.officers ?? []).map((id) => ({ value: [id], label: id }));
    default:
      return [];
  }
}

/** How what was picked reads, for the line of what is filled already. */
export function shown(verb, field, value, row) {
  const choice = choicesOf(verb, field, row).find((one) => String(one.value) === String(value));
  return choice?.label ?? String(value);
}
