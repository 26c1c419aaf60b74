// The box Loading: a model, the direction of the loading, and the map that follows it.
import { follow, post } from "./api.js";
import { $, choice, facts, make, svg, tick, tidy } from "./dom.js";

const PAUSE = 250; // ms for which the dial rests before the model is asked

export function loadingBox(app, state) {
  const box = $("box-load");
  const angle = make("input", { type: "range", min: "0", max: "179", step: "1", value: "0", id: "angle" });
  const shownAngle = make("output", { for: "angle" }, "0°");
  const hand = svg("line", { x1: "-44", y1: "0", x2: "44", y2: "0" });
  const dial = svg("svg", { id: "dial", viewBox: "-66 -66 132 132", "aria-hidden": "true" },
    svg("circle", { r: "50", cx: "0", cy: "0" }), hand, svg("text", { x: "58", y: "4" }, "0°"), svg("text", { x: "0", y: "-54" }, "90°"));
  const said = make("div");
  const progress = make("progress", { max: "1", "aria-label": "how far the model is", hidden: true });
  const models = choice([["", "choose a model …"]], "", () => ask(), { id: "model" });
  let known = new Map();
  let running = null;
  let timer = 0;
  let relax = false;
  const again = tick("at rest first", false, (on) => { relax = on; ask(); });
  const overlay = tick("uncertainty as dots", false, (on) => { app.look.overlay = on; app.refresh(); });

  const turned = () => Number(angle.value);
  const turn = (degrees) => {
    const whole = ((Math.round(degrees) % 180) + 180) % 180;
    angle.value = String(whole);
    shownAngle.textContent = `${whole}°`;
    hand.setAttribute("transform", `rotate(${-whole})`);
    app.arrow = models.value ? { angle: whole, stretch: true } : null;
    app.refresh();
    clearTimeout(timer);
    if (models.value) timer = setTimeout(ask, PAUSE);
  };
  const toward = (event) => {
    const { left, top, width, height } = dial.getBoundingClientRect();
    turn((Math.atan2(top + height / 2 - event.clientY, event.clientX - left - width / 2) * 180) / Math.PI);
  };
  dial.addEventListener("pointerdown", (event) => { dial.setPointerCapture(event.pointerId); toward(event); });
  dial.addEventListener("pointermove", (event) => { if (dial.hasPointerCapture(event.pointerId)) toward(event); });
  angle.addEventListener("input", () => turn(turned()));

  async function ask() {
    clearTimeout(timer);
    const model = models.value;
    if (!model) { app.setMaps("model", []); app.arrow = null; said.replaceChildren(); app.refresh(); return; }
    const key = `${model} ${turned()} ${relax}`;
    if (known.has(key)) { show(known.get(key)); return; }
    if (running) running.stop();
    app.warn("");
    progress.hidden = false;
    progress.removeAttribute("value");
    const mine = {};
    try {
      const asked = follow(await post("/api/predict", { model, angle: turned(), relax }), (told) => {
        app.say(`${told.line || "waiting"} (${told.seconds.toFixed(1)} s)`);
        if (told.share !== null) progress.value = told.share;
      });
      running = Object.assign(mine, asked);
      const answer = await asked.done;
      if (running !== mine) return;
      known.set(key, answer);
      app.say(`the map is there after ${answer.seconds.toFixed(1)} s`);
      show(answer);
    } catch (error) {
      if (running === mine || error.message !== "stopped") app.warn(error.message);
      app.say("");
    } finally {
      if (running === mine || !mine.done) progress.hidden = true;
    }
  }

  function show(answer) {
    progress.hidden = true;
    const unsure = Object.values(answer.uncertainty)[0] || null;
    app.unsure = unsure && { ...unsure, sites: answer.sites };
    app.tell("unsure");
    app.marks = answer.spots.map(({ at, label }) => ({ at, text: label }));
    app.arrow = { angle: turned(), stretch: true };
    const all = { ...answer.columns, ...Object.fromEntries(Object.entries(answer.uncertainty).map(([name, column]) => [name, column])) };
    const fresh = Object.entries(all).map(([name, column]) => ({ name: `${models.value.split("/").at(-2) || models.value}: ${name.replaceAll("_", " ")}`, sites: answer.sites, reasons: answer.reasons, ...column }));
    const before = app.colouring[0];
    if (answer.level !== "sample") {
      app.setMaps("model", fresh);
      if (!app.maps.has(before)) app.colour(0, `map:${fresh[0].name}`);
    } else app.refresh();
    const remarks = [...answer.remarks, ...(answer.warnings || [])];
    said.replaceChildren(
      facts([["loading", `${answer.loading} along ${answer.angle}°`], ...answer.words.map(([name, text]) => [name, tidy(text)])]),
      ...remarks.map((text) => make("p", { class: "warn" }, tidy(text))),
      ...(unsure ? [] : [make("p", { class: "note" }, "this model gives no uncertainty of single sites")]),
    );
    app.tell("predicted");
  }

  box.lastElementChild.replaceChildren(
    make("label", { class: "row", for: "model" }, "Model ", models),
    make("div", { class: "row" }, dial, make("div", {}, make("label", { for: "angle" }, "direction from x "), shownAngle, make("br"), angle)),
    make("div", { class: "row" }, again, overlay), progress, said,
  );
  app.on("unsure", () => { overlay.querySelector("input").disabled = !app.unsure; });
  app.on("structure", () => {
    box.hidden = false;
    known = new Map();
    app.unsure = null;
    overlay.querySelector("input").checked = app.look.overlay;
    const { names, dimension } = app.structure;
    const named = (model) => app.unnamed === model.names.length || names.every((name) => model.names.includes(name));
    const fits = state.models.filter((model) => !model.names.length || (named(model) && (model.dimension === dimension || app.kind === "image")));
    models.replaceChildren(make("option", { value: "" }, fits.length ? "choose a model …" : "no model fits these species"), ...fits.map(({ name }) => make("option", { value: name }, name)));
    said.replaceChildren();
    overlay.querySelector("input").disabled = true;
  });
}
