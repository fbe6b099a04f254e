// Names of what rows carry as ids: squads, units, territories, items, desks. An unknown id is shown itself.
import { computed, signal } from "./dom.js";
import { get } from "./api.js";
import { lang } from "./i18n.js";

/** @type {import("../shared/types.js").Held<any>} the city as far as one's area goes */
export const catalog = signal({ desks: [], territories: [], squads: [], superiors: [], units: [], items: [], domains: [] });

const table = (kind) => computed(() => new Map((catalog.value[kind] ?? []).map((row) => [row.id, row])));
const tables = {
  desk: table("desks"),
  territory: table("territories"),
  squad: table("squads"),
  superior: table("superiors"),
  unit: table("units"),
  item: table("items"),
};

export async function fetchCatalog() {
  catalog.value = await get("/api/catalog");
}

/** The row behind an id, or undefined. */
export const known = (kind, id) => tables[kind].value.get(id);

const named = (row, id) => (row ? (lang.value === "en" && row.name_en) || row.name : id);
const of = (kind) => (id) => (id ? named(known(kind, id), id) : "");
const deskName = (id) => named(known("desk", id) ?? catalog.value.other_desks?.find((desk) => desk.id === id), id);
export const territoryName = of("territory");
export const squadName = of("squad");
export const superiorName = of("superior");
export const unitName = of("unit");
export const itemName = of("item");
export const ownerName = (id) => (known("squad", id) ? squadName(id) : unitName(id));

/** 嘉善县 of 嘉善县指挥席: rows of desks are read down a list where the second half says nothing. */
export const shortDesk = (id) => deskName(id).replace(/指挥席$/, "");
/** 罗星 of 罗星街道中队; where there is one desk only, 机动 of 嘉善县机动中队. */
export function shortSquad(id) {
  const name = squadName(id).replace(/(街道|镇)?中队$/, "");
  const { desks } = catalog.value;
  return desks.length === 1 ? name.replace(shortDesk(desks[0].id), "") || name : name;
}

/** Who has a case, as one word. */
export const holder = (row) => (row.squad ? squadName(row.squad) : row.unit ? unitName(row.unit) : "");
