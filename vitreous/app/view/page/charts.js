// Lines in a plane: a stress-strain curve with its events, and learning curves.
import { number, svg } from "./dom.js";

const [HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [230, 66, 36, 24, 14];
const COLOURS = ["#0b5cad", "#b35806", "#3a8f86", "#6d4b9a", "#a3122a", "#596270"];
const DASHES = ["", "6 3", "2 3", "8 3 2 3"];

function ticks(low, high, most = 5) {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((k) => k * power).find((each) => span / each <= most);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + 1e-9 * span; at += step) found.push(Number(at.toPrecision(10)));
  return found;
}

// Lines ({name, x, y}) under two named axes, as wide as the element `inside` that they will be in;
// returns the picture and where x and y lie in it.
export function chart(lines, xName, yName, title, inside) {
  const WIDTH = Math.max(280, Math.round(inside.clientWidth) - 4);
  const xs = lines.flatMap((line) => line.x).filter((value) => value !== null);
  const ys = lines.flatMap((line) => line.y).filter((value) => value !== null);
  const [x0, x1] = [Math.min(...extent(xs)), Math.max(...extent(xs))];
  const [y0, y1] = [Math.min(...extent(ys)), Math.max(...extent(ys))];
  const sx = (x) => LEFT + ((x - x0) / (x1 - x0 || 1)) * (WIDTH - LEFT - RIGHT);
  const sy = (y) => HEIGHT - BOTTOM - ((y - y0) / (y1 - y0 || 1)) * (HEIGHT - BOTTOM - TOP);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": title });
  for (const at of ticks(x0, x1, WIDTH < 450 ? 4 : 6)) picture.append(svg("path", { class: "axis", d: `M${sx(at)} ${HEIGHT - BOTTOM}v4` }), svg("text", { x: sx(at), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, number(at)));
  for (const at of ticks(y0, y1)) picture.append(svg("path", { class: "axis", d: `M${LEFT} ${sy(at)}h-4` }), svg("text", { x: LEFT - 7, y: sy(at) + 4, "text-anchor": "end" }, number(at)));
  picture.append(svg("path", { class: "axis", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` }));
  picture.append(svg("text", { x: (WIDTH + LEFT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, xName), svg("text", { x: 4, y: 12 }, yName));
  lines.forEach((line, k) => {
    const points = line.x.map((x, at) => [x, line.y[at]]).filter(([x, y]) => x !== null && y !== null);
    const path = svg("path", { class: "line", d: points.map(([x, y], at) => `${at ? "L" : "M"}${sx(x).toFixed(1)} ${sy(y).toFixed(1)}`).join("") });
    if (lines.length > 1) {
      path.style.stroke = COLOURS[k % COLOURS.length];
      path.setAttribute("stroke-dasharray", DASHES[k % DASHES.length]);
      const y = TOP + 12 + 15 * k;
      picture.append(svg("path", { d: `M${WIDTH - 190} ${y - 4}h26`, fill: "none", stroke: COLOURS[k % COLOURS.length], "stroke-width": "2", "stroke-dasharray": DASHES[k % DASHES.length] }), svg("text", { x: WIDTH - 158, y }, line.name));
    }
    picture.append(path);
  });
  return { picture, sx, sy, inverse: (px) => x0 + ((px - LEFT) / (WIDTH - LEFT - RIGHT)) * (x1 - x0), top: TOP, bottom: HEIGHT - BOTTOM, width: WIDTH };
}

// Least and largest, of arrays longer than a call may have arguments.
function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
  return Number.isFinite(low) ? [low, high] : [0, 1];
}
