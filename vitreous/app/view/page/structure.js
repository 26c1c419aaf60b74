// The boxes Structure and Selection: what the glass is, what is drawn of it, and atoms by choice.
import { save } from "./api.js";
import { $, cell, choice, facts, field, make, number, table, tick, tidy } from "./dom.js";

const LISTED = 200; // atoms in the table; the file has all

// What the types of a file without names are; those that potentials know come first.
function typesOf(app, state) {
  const sets = [...new Set(state.potentials.map(({ names }) => names.slice(0, app.unnamed)).filter((names) => names.length === app.unnamed).map((names) => names.join(", ")))];
  const options = [["", "not named"], ...sets.map((names) => [names, names])];
  return field(`types 1 to ${app.unnamed} are`, choice(options, "", (names) => names && app.tell("types", names.split(", ")), { id: "types" }));
}

export function structureBox(app, state) {
  const box = $("box-look");
  app.on("structure", () => {
    box.hidden = false;
    const { structure, look } = app;
    const redraw = (name) => (on) => { look[name] = on; app.refresh(); };
    const cell = structure.cell.map((row) => number(Math.hypot(...row), 5)).join(" × ");
    const free = ["x", "y", "z"].slice(0, structure.dimension).filter((_, k) => !structure.periodic[k]);
    const rows = [
      ["atoms", `${structure.atoms} (${Object.entries(structure.counts).map(([name, n]) => `${app.unnamed ? `${n} of type ${name}` : `${n} ${name}`}`).join(", ")})`],
      ["cell", `${cell} ${tidy(structure.length)}${free.length ? `, free along ${free.join(", ")}` : ""}`],
    ];
    if (structure.bonds.length && structure.bonds[0].length) rows.push(["bonds", String(structure.bonds[0].length)]);
    const sizes = Object.entries(structure.ring_sizes);
    if (sizes.length) rows.push(["rings", sizes.map(([size, count]) => `${size}: ${count}`).join(", ")]);
    const planes = structure.dimension === 3
      ? field("seen plane", choice([["xy", "x, y"], ["yz", "y, z"], ["zx", "z, x"]], app.plane, (plane) => {
        app.plane = plane;
        app.place();
        app.refresh();
        app.views[0].fit();
      })) : null;
    box.lastElementChild.replaceChildren(
      facts(rows),
      make("div", { class: "row" }, tick("atoms", look.atoms, redraw("atoms")), tick("bonds", look.bonds, redraw("bonds")), tick("rings", look.rings, redraw("rings")),
        tick("two views", app.both, (on) => { app.both = on; app.refresh(); app.views[0].fit(); })),
      ...(planes ? [planes] : []), ...(app.unnamed ? [typesOf(app, state)] : []),
      ...(app.unnamed ? [make("p", { class: "note" }, "the file does not say what its types are: until they are named, the unit of its lengths is called sigma")] : []),
      ...structure.remarks.map((text) => make("p", { class: "note" }, text)),
    );
  });
}

export function selectionBox(app) {
  const box = $("box-select");
  const low = make("input", { type: "number", step: "any" });
  const high = make("input", { type: "number", step: "any" });
  const list = make("div");
  const told = make("p", { class: "note", role: "status" });
  const byRange = () => {
    const column = app.column(0);
    const title = app.colouring[0].replace(/^column:/, "");
    if (!column || column.sites) { app.warn("choose a column of atoms under Colour first: the range is one of its values"); return; }
    const [from, to] = [low.value === "" ? -Infinity : Number(low.value), high.value === "" ? Infinity : Number(high.value)];
    app.warn("");
    app.chosen.clear();
    column.values.forEach((value, k) => { if (value !== null && value >= from && value <= to) app.chosen.add(k); });
    told.textContent = `${app.chosen.size} atoms with ${title} from ${low.value || "the least"} to ${high.value || "the largest"}`;
    app.refresh();
    show();
  };
  const show = () => {
    const { structure, chosen } = app;
    const column = app.column(0);
    const ofAtoms = column && !column.sites;
    if (!chosen.size) { list.replaceChildren(make("p", { class: "note" }, "nothing is selected: click atoms, drag a rectangle with Shift held, or give a range")); return; }
    const heads = ["id", "species", ...structure.positions.map((_, axis) => `${"xyz"[axis]} (${tidy(structure.length)})`), ...(ofAtoms ? [app.colouring[0].replace(/^column:/, "")] : [])];
    const rows = [...chosen].slice(0, LISTED).map((k) => [structure.ids[k], structure.names[structure.species[k]], ...structure.positions.map((axis, a) => axis[k] + structure.origin[a]), ...(ofAtoms ? [column.values[k]] : [])]);
    list.replaceChildren(table(heads, rows, `${chosen.size} selected${chosen.size > LISTED ? `, the first ${LISTED} listed` : ""}`));
  };
  const download = () => {
    const { structure, chosen } = app;
    const names = Object.keys(structure.columns);
    const lines = [["id", "species", ..."xyz".slice(0, structure.dimension), ...names].map(cell).join(",")];
    for (const k of chosen) {
      lines.push([structure.ids[k], structure.names[structure.species[k]], ...structure.positions.map((axis, a) => axis[k] + structure.origin[a]), ...names.map((name) => structure.columns[name].values[k] ?? "")].map(cell).join(","));
    }
    save("selection.csv", new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }));
  };
  const rectangle = tick("drag selects (no Shift needed)", false, (on) => { for (const view of app.views) view.selecting = on; });
  box.lastElementChild.replaceChildren(
    rectangle,
    make("fieldset", {}, make("legend", {}, "by the value that colours"), field("from", low), field("to", high), make("button", { type: "button", onclick: byRange }, "Select")),
    told, list,
    make("div", { class: "row" },
      make("button", { type: "button", onclick: () => { app.chosen.clear(); told.textContent = ""; app.refresh(); show(); } }, "Clear"),
      make("button", { type: "button", id: "save-selection", onclick: download }, "Save selection.csv")),
  );
  app.on("structure", () => { box.hidden = false; told.textContent = ""; low.value = high.value = ""; show(); });
  app.on("chosen", () => { box.open = true; show(); });
  app.on("coloured", show);
}

