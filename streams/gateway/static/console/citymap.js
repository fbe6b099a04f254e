// The desk on a map: how much is open in each territory, cases in clusters, squads with their load, officers where they
// were heard last. A click on a territory or a cluster shows its cases in the list.
import { effect, html, useEffect, useRef } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { bounds, bubble, dot, drawTerritories, fetchShapes, flag, group, makeMap, token } from "../shared/map.js";
import { catalog } from "../shared/names.js";
import { theme } from "../shared/prefs.js";
import { isUnassigned, show } from "./filters.js";
import { ageWords, isOld, whereabouts } from "./positions.js";
import { middle, open } from "./state.js";
import { deskId, revision, rows, squads } from "./store.js";

const CELL = 60; // pixels: cases nearer than this share a number
const WORDS = { wide: 170, high: 26 }; // pixels: officers nearer than this share a line
const REDRAW = 2_000;

/** What has a place, by cells of the screen; each cell with the middle of what is in it. */
function clusters(map, things, { wide, high }) {
  const cells = new Map();
  const seen = map.getBounds().pad(0.1);
  for (const one of things) {
    if (one.lat === undefined || !seen.contains([one.lat, one.lon])) continue;
    const { x, y } = map.project([one.lat, one.lon]);
    const key = `${Math.floor(x / wide)} ${Math.floor(y / high)}`;
    const cell = cells.get(key) ?? { lat: 0, lon: 0, all: [] };
    cell.lat += one.lat;
    cell.lon += one.lon;
    cell.all.push(one);
    cells.set(key, cell);
  }
  return [...cells.values()].map(({ lat, lon, all }) => ({ at: /** @type {[number, number]} */ ([lat / all.length, lon / all.length]), all }));
}

const nearer = (map, at) => map.setView(at, Math.min(18, map.getZoom() + 1.5));

function drawCases(map, layer) {
  layer.clearLayers();
  for (const { at, all } of clusters(map, rows.values(), { wide: CELL, high: CELL })) {
    const free = all.filter(isUnassigned).length;
    const title = free ? t("map.cluster_free", { n: all.length, free }) : t("map.cluster", { n: all.length });
    const opens = () => (all.length === 1 ? open(all[0].id) : nearer(map, at));
    bubble(at, all.length, all.length === 1 ? `${all[0].no} ${all[0].title}` : title, opens, free ? "free" : "").addTo(layer);
  }
}

/** Who is on duty where they were last heard, and how long ago: a point of minutes ago is drawn more quietly. */
function drawOfficers(map, layer) {
  layer.clearLayers();
  for (const { at, all } of clusters(map, whereabouts.peek()?.positions ?? [], WORDS)) {
    const newest = Math.max(...all.map((one) => one.at));
    const who = all.length === 1 ? all[0].officer : t("where.people", { n: all.length });
    flag(at, `${who} · ${ageWords(newest)}`, () => nearer(map, at), isOld(newest) ? "old" : "").addTo(layer);
  }
}

function drawSquads(layer) {
  layer.clearLayers();
  const loads = new Map(squads.peek().map((squad) => [squad.id, squad]));
  for (const squad of catalog.peek().squads) {
    const load = loads.get(squad.id);
    if (squad.lat && load)
      dot([squad.lat, squad.lon], {
        radius: 7,
        color: token("focus"),
        fill: load.cap ? load.load / load.cap : 0,
        text: `${squad.name} ${load.load}/${load.cap}`,
      })
        .on("click", () => show({ squad: squad.id }))
        .addTo(layer);
  }
}

function Legend() {
  const told = whereabouts.value;
  if (told && !told.known) return html`<span class="warn" role="status">⊘ ${t("where.unknown_title")}</span>`;
  const words = [t("map.legend_city"), told && t("map.legend_people")].filter(Boolean).join(" · ");
  return html`<span class="quiet" title=${words}>${words}</span>`;
}

export function CityMap() {
  const box = useRef(null);
  useEffect(() => {
    const map = makeMap(box.current, t("map.city"));
    const [cases, places, people] = [group().addTo(map), group().addTo(map), group().addTo(map)];
    let gone = false;
    let drawn = -1;
    const redraw = () => {
      drawn = revision.peek();
      drawCases(map, cases);
      drawSquads(places);
      drawOfficers(map, people);
    };
    const forget = effect(() => {
      whereabouts.value;
      if (drawn >= 0) drawOfficers(map, people);
    });
    fetchShapes().then(
      (geojson) => {
        if (gone) return;
        const open_ = new Map();
        for (const row of rows.values()) open_.set(row.territory, (open_.get(row.territory) ?? 0) + 1);
        const most = Math.max(1, ...open_.values());
        const layer = drawTerritories(map, geojson, {
          fill: ({ id }) => ({ fillOpacity: (0.5 * (open_.get(id) ?? 0)) / most }),
          tip: ({ id, name }) => t("map.territory", { name, n: open_.get(id) ?? 0 }),
          onClick: ({ id }) => show({ territory: id }),
        });
        const mine = deskId.peek()
          ? { type: "FeatureCollection", features: geojson.features.filter((one) => one.properties.desk === deskId.peek()) }
          : geojson;
        const around = mine.features?.length ? drawTerritories(map, mine, {}) : layer;
        map.fitBounds(bounds(around), { padding: [10, 10] });
        if (around !== layer) around.remove();
        redraw();
        map.on("zoomend moveend", redraw);
      },
      () => {},
    );
    const clock = setInterval(() => {
      if (drawn !== revision.peek() && drawn >= 0) redraw();
    }, REDRAW);
    return () => {
      gone = true;
      forget();
      clearInterval(clock);
      map.remove();
    };
  }, [theme.value, deskId.value]);
  return html`<section class="citymap" aria-label=${t("map.city")}><header><h2>${t("map.city")}</h2>
    <${Legend} /><span class="grow"></span>
    <button onClick=${() => {
      middle.value = "case";
    }}><kbd>Esc</kbd>${t("form.back")}</button></header><div class="big-map" ref=${box}>
    </div></section>`;
}
