// From WGS-84, which everything here is in, to what the telephone's maps of the mainland are in. Figures as those of the
// server's library (tests/e2e/test_squad.py).
const A = 6378245; // Krasovsky's ellipsoid
const EE = 0.006693421622965943;
const X = (Math.PI * 3000) / 180;
const { PI, abs, atan2, cos, sin, sqrt } = Math;

const waves = (v, ...of) => of.reduce((sum, [height, pace]) => sum + (height * sin(v * pace * PI) * 2) / 3, 0);

function shiftLat(x, y) {
  const plane = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x));
  return plane + waves(x, [20, 6], [20, 2]) + waves(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]);
}

function shiftLon(x, y) {
  const plane = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x));
  return plane + waves(x, [20, 6], [20, 2], [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]);
}

/** GCJ-02, of Amap and Tencent. @returns {[number, number]} */
export function gcj02(lon, lat) {
  if (!(lon > 73.66 && lon < 135.05 && lat > 3.86 && lat < 53.55)) return [lon, lat];
  const radians = (lat / 180) * PI;
  const magic = 1 - EE * sin(radians) ** 2;
  const root = sqrt(magic);
  const north = (shiftLat(lon - 105, lat - 35) * 180) / (((A * (1 - EE)) / (magic * root)) * PI);
  const east = (shiftLon(lon - 105, lat - 35) * 180) / ((A / root) * cos(radians) * PI);
  return [lon + east, lat + north];
}

/** BD-09, of Baidu. @returns {[number, number]} */
export function bd09(lon, lat) {
  const [x, y] = gcj02(lon, lat);
  const z = sqrt(x * x + y * y) + 0.00002 * sin(y * X);
  const theta = atan2(y, x) + 0.000003 * cos(x * X);
  return [z * cos(theta) + 0.0065, z * sin(theta) + 0.006];
}

const six = (n) => n.toFixed(6);

/** Links that the telephone opens in its own maps, each point in that map's datum. @returns {{id:string, href:string}[]} */
export function mapLinks(lon, lat, name, apple = /iPhone|iPad|Macintosh/.test(navigator.userAgent)) {
  const title = encodeURIComponent(name);
  const [amapLon, amapLat] = gcj02(lon, lat).map(six);
  const [baiduLon, baiduLat] = bd09(lon, lat).map(six);
  const amap = apple ? "iosamap" : "androidamap";
  const baidu = apple ? "baidumap" : "bdapp";
  return [
    { id: "amap", href: `${amap}://viewMap?sourceApplication=paidan&poiname=${title}&lat=${amapLat}&lon=${amapLon}&dev=0` },
    {
      id: "baidu",
      href: `${baidu}://map/marker?location=${baiduLat},${baiduLon}&title=${title}&content=${title}&coord_type=bd09ll&src=paidan`,
    },
    { id: "geo", href: `geo:${six(lat)},${six(lon)}?q=${six(lat)},${six(lon)}(${title})` },
  ];
}
