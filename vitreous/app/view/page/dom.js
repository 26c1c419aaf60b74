// Elements and numbers, in a few words.
export const $ = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value === "boolean") element[name] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...inside.filter((each) => each !== null && each !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
export function svg(tag, attributes = {}, ...inside) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

// A number as people read it: four digits, a true minus sign.
export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)));
  return text.replace("-", "−").replace("e+", "e").replace("e-", "e−");
}

// A unit with its symbols: angstrom^2 is Å².
export const tidy = (unit) => unit.replaceAll("angstrom", "Å").replaceAll("^2", "²").replaceAll("^3", "³");

export const withUnit = (value, unit) => (unit ? `${number(value)} ${tidy(unit)}` : number(value));

export function facts(rows) {
  // several facts of one name share it
  return make("dl", { class: "facts" }, ...rows.flatMap(([name, text], k) => [k && rows[k - 1][0] === name ? null : make("dt", {}, name), make("dd", {}, text)]));
}

// A cell of a CSV file; text that a spreadsheet would calculate is led by an apostrophe.
export function cell(value) {
  const text = typeof value === "string" && /^\s*[=+\-@]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

let fields = 0;
// A labelled control in a grid of two columns.
export function field(label, control, unit = "") {
  control.id ||= `field-${(fields += 1)}`;
  const right = unit ? make("span", { class: "row" }, control, make("span", { class: "unit" }, unit)) : control;
  return make("div", { class: "field" }, make("label", { for: control.id }, label), right);
}

export function tick(label, checked, changed) {
  const box = make("input", { type: "checkbox", onchange: () => changed(box.checked) });
  box.checked = checked;
  return make("label", {}, box, label);
}

export function choice(options, chosen, changed, attributes = {}) {
  const select = make("select", { ...attributes, onchange: () => changed(select.value) });
  for (const [value, text] of options) select.append(make("option", { value }, text));
  select.value = chosen;
  return select;
}

// Words that may go on in the next line behind a dot, a slash or a dash below.
const parted = (text) => String(text).split(/(?<=[._/])/).flatMap((part, k) => (k ? [make("wbr"), part] : [part]));

export function table(heads, rows, caption, pick) {
  const body = rows.map((cells, at) => {
    const row = make("tr", {}, ...cells.map((cell) => make("td", typeof cell === "number" ? { class: "number" } : {}, ...(typeof cell === "number" ? [number(cell)] : parted(cell ?? "–")))));
    if (pick) {
      const button = make("button", { type: "button", onclick: () => pick(at) }, cells[0] === null ? "–" : String(cells[0]));
      row.firstChild.replaceChildren(button);
    }
    return row;
  });
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", { class: "note" }, caption), make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, ...parted(head))))), make("tbody", {}, ...body)));
}
