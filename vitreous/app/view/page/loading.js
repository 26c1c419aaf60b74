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
    leave();
    if (!model) { nothing("model"); return; }
    app.warn("");
    progress.hidden = false;
    progress.removeAttribute("value");
    const mine = {};
    running = mine;
    try {
      Object.assign(mine, follow(await post("/api/predict", { model, angle: turned(), relax }), (told) => {
        if (running !== mine) return;
        app.say(`${told.line || "waiting"} (${told.seconds.toFixed(1)} s)`);
        if (told.share !== null) progress.value = told.share;
      }));
      if (running !== mine) mine.stop().catch(() => {});
      const answer = await mine.done;
      if (running !== mine) return;
      app.say(`the map is there after ${answer.seconds.toFixed(1)} s`);
      show(answer);
    } catch (error) {
      if (running !== mine) return;
      nothing(`model ${model}`);
      app.warn(error.message);
      app.say("");
    } finally {
      if (running === mine) { running = null; progress.hidden = true; }
    }
  }

  // The model says nothing, or none is asked: none of its maps, its spots and its words stays.
  function nothing(of) {
    app.marks = [];
    app.arrow = null;
    app.unsure = null;
    app.tell("unsure");
    said.replaceChildren();
    app.dropMaps(of);
    app.refresh();
  }

  // What is asked at the moment is of no use any more.
  function leave() {
    if (running && running.stop) running.stop().catch(() => {}); // ended, or of what was open before
    running = null;
    progress.hidden = true;
  }

  function show(answer) {
    const unsure = Object.values(answer.uncertainty)[0] || null;
    const origin = `model ${models.value}`;
    app.unsure = unsure && { ...unsure, sites: answer.sites, origin };
    app.tell("unsure");
    app.marks = answer.spots.map(({ at, label }) => ({ at, text: label }));
    app.arrow = { angle: answer.angle, stretch: true };
    const all = { ...answer.columns, ...answer.uncertainty };
    const short = `${models.value.split("/").at(-2) || models.value} at ${answer.angle}°`; // others stay, to compare
    const fresh = Object.entries(all).map(([name, column]) => ({ name: `${short}: ${name.replaceAll("_", " ")}`, quantity: name, sites: answer.sites, reasons: answer.reasons, ...column }));
    app.setMaps(origin, answer.level === "sample" ? [] : fresh); // one number says nothing of places
    const shown = app.maps.get(app.colouring[0]);
    if (app.maps.has(`map:${fresh[0].name}`) && !(shown && shown.origin === origin)) app.colour(0, `map:${fresh[0].name}`);
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
    clearTimeout(timer);
    leave();
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
