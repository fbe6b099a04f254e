// The city's territories, darker the fuller their squads are; the number of open cases stands on each desk's area.
import { html, useEffect, useRef } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { bounds, drawTerritories, fetchShapes, makeMap, textNode } from "../shared/map.js";
import { catalog, known, shortDesk } from "../shared/names.js";
import { theme } from "../shared/prefs.js";

/** Load against cap of the squads of each territory. */
function shares(load) {
  const sums = new Map();
  for (const { id, territory } of catalog.value.squads) {
    const one = load[id];
    if (!one) continue;
    const sum = sums.get(territory) ?? { load: 0, cap: 0 };
    sums.set(territory, { load: sum.load + one.load, cap: sum.cap + one.cap });
  }
  return sums;
}

export function LoadMap({ load, desks }) {
  const box = useRef(null);
  const drawn = useRef(null);
  const style = useRef(null);
  const sums = shares(load);
  style.current = ({ id }) => {
    const sum = sums.get(id);
    return { fillOpacity: sum ? Math.min(0.85, 0.1 + (0.75 * sum.load) / (sum.cap || 1)) : 0.03 };
  };

  useEffect(() => {
    const map = makeMap(box.current, t("wall.load"));
    let gone = false;
    fetchShapes().then(
      (geojson) => {
        if (gone) return;
        const layer = drawTerritories(map, geojson, { fill: (one) => style.current(one) });
        map.fitBounds(bounds(layer), { padding: [8, 8] });
        drawn.current = layer;
        for (const [desk, area] of areas(layer))
          area.first
            .bindTooltip(textNode(`${shortDesk(desk)} ${desks.find(({ id }) => id === desk)?.open ?? ""}`), {
              permanent: true,
              direction: "center",
            })
            .openTooltip(area.bounds.getCenter());
      },
      () => {},
    );
    return () => {
      gone = true;
      map.remove();
    };
  }, [theme.value]);

  // The outlines stay; only how full they are, and the counts, change with each answer.
  useEffect(() => {
    if (!drawn.current) return;
    drawn.current.eachLayer((one) => one.setStyle(style.current(one.feature.properties)));
    for (const [desk, area] of areas(drawn.current))
      area.first.setTooltipContent(textNode(`${shortDesk(desk)} ${desks.find(({ id }) => id === desk)?.open ?? ""}`));
  }, [load]);

  return html`<section class="block"><h2>${t("wall.load")}</h2><div class="wall-map" ref=${box}></div></section>`;
}

/** For each county the first of its outlines, and the bounds of them all. */
function areas(layer) {
  const found = new Map();
  layer.eachLayer((one) => {
    const { desk } = one.feature.properties;
    if (known("desk", desk)?.kind === "zone") return; // too small to be written on; its bar stands beside the map
    const area = found.get(desk);
    if (area) area.bounds.extend(one.getBounds());
    else found.set(desk, { first: one, bounds: bounds(one).pad(0) });
  });
  return found;
}
