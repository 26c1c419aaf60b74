// The box Run: scores, learning curves, the glasses with their maps, and other runs beside.
import { json, post, save } from "./api.js";
import { chart } from "./charts.js";
import { $, cell, choice, make, table } from "./dom.js";

const CURVES = 4; // drawn in one picture

export function runBox(app, state, deformation) {
  const box = $("box-run");
  let opened = null;
  let others = [];
  let at = ""; // the number of the glass that is shown
  const told = make("p", { class: "note" });

  // Whether something else was opened since.
  const left = (mine) => app.kind !== "run" || opened !== mine;

  async function sample(number) {
    const mine = opened;
    at = String(number);
    app.warn("");
    app.say("reading the glass");
    try {
      const answer = await json(`/api/run/sample/${number}`);
      if (left(mine) || at !== String(number)) return;
      app.setStructure(answer.structure);
      app.tell("structure");
      app.setMaps("run", answer.maps);
      const unsure = answer.maps.find((map) => map.name === "uncertainty");
      app.unsure = unsure ? { ...unsure, origin: "run" } : null;
      app.tell("unsure");
      app.marks = answer.events.map((event, k) => ({ at: event.at, text: String(k + 1) }));
      const names = [...answer.maps.map((map) => `map:${map.name}`), ...Object.keys(answer.structure.columns).map((name) => `column:${name}`)];
      const predicted = names.find((name) => name.includes("predicted"));
      if (answer.maps.length || predicted) app.colour(0, answer.maps.length ? `map:${answer.maps[0].name}` : predicted);
      if (predicted && answer.maps.length) {
        app.colouring[1] = predicted;
        app.both = true;
        app.refresh();
        app.tell("structure");
        app.views[0].fit();
      }
      app.refresh();
      if (answer.trajectory) deformation.show(answer.trajectory);
      if (answer.trajectory) app.marks = answer.events.map((event, k) => ({ at: event.at, text: String(k + 1) }));
      app.refresh();
      app.say(`${answer.title}, ${answer.role} glass`);
      for (const { name } of others) await mapsOf(name); // of this glass, too
    } catch (error) {
      if (left(mine) || at !== String(number)) return;
      app.warn(error.message);
      app.say("");
    }
  }

  async function compare(name) {
    if (!name) return;
    const mine = opened;
    app.warn("");
    try {
      const answer = await mapsOf(name);
      if (!answer) return;
      others = [...others.filter((each) => each.name !== name), answer];
      show();
    } catch (error) { if (!left(mine)) app.warn(error.message); }
  }

  // Another run, its maps of the glass that is shown put under Colour; null where that is left.
  async function mapsOf(name) {
    const [mine, glass] = [opened, at];
    const answer = await post("/api/run/compare", { name });
    if (left(mine) || at !== glass) return null;
    app.setMaps(`beside ${name}`, answer.maps);
    told.textContent = answer.maps.length ? `maps of ${name} are under Colour` : answer.no_maps;
    return answer;
  }

  const columns = () => [opened, ...others];
  const rows = () => {
    const metrics = [...new Set(columns().flatMap((run) => Object.keys(run.scores)))];
    return metrics.map((metric) => [metric, ...columns().map((run) => run.scores[metric] ?? null)]);
  };

  function show() {
    const heads = ["score, on test glasses", ...columns().map((run) => run.name)];
    const samples = choice([["", "choose a glass …"], ...opened.samples.map((each) => [String(each.number), `${each.title} (${each.role})`])], at, (value) => value && sample(value), { id: "sample" });
    const runs = state.files.filter((file) => file.kind === "run" && file.name !== opened.name).map((file) => [file.name, file.name]);
    const beside = choice([["", runs.length ? "beside another run …" : "no other run in this folder"], ...runs], "", compare, { id: "compare" });
    const search = make("input", { type: "text", placeholder: "only scores with …", "aria-label": "only scores with these letters", oninput: () => fill(search.value) });
    const place = make("div");
    const fill = (words) => place.replaceChildren(table(heads, rows().filter(([metric]) => metric.includes(words.trim())), "Scores"));
    fill("");
    const csv = () => save("scores.csv", new Blob([[heads, ...rows()].map((cells) => cells.map(cell).join(",")).join("\n"), "\n"], { type: "text/csv" }));
    box.lastElementChild.replaceChildren(
      make("p", { class: "note" }, opened.command),
      make("label", { for: "sample" }, "Glass ", samples), make("label", { for: "compare" }, "Compare ", beside), told,
      search, place, make("div", { class: "row" }, make("button", { type: "button", onclick: csv }, "Save scores.csv")),
      ...curves(), ...Object.entries(opened.excluded).map(([glass, why]) => make("p", { class: "note" }, `glass ${glass} was left out: ${why}`)),
    );
  }

  // One quantity in each picture, of training and validation together.
  function curves() {
    const groups = new Map();
    for (const [name, of] of Object.entries(opened.curves)) {
      const what = name.replace(/^(train|validation|val)[ _.]/, "").replaceAll("_", " ");
      if (of.value.length > 1) groups.set(what, [...(groups.get(what) || []), { name: name.replaceAll("_", " "), x: of.step, y: of.value }]);
    }
    return [...groups].map(([what, lines]) => make("div", { class: "chart" }, chart(lines.slice(0, CURVES), "epoch", what, `Learning curves: ${lines.map(({ name }) => name).join(", ")}`, box.lastElementChild).picture));
  }

  return async (answer) => {
    box.hidden = false;
    opened = answer;
    others = [];
    at = "";
    told.textContent = "";
    show();
    const first = answer.samples.find((each) => each.role === "test") || answer.samples[0];
    if (first) {
      $("sample").value = String(first.number);
      await sample(first.number);
    }
  };
}
