// The box Deformation: a stress-strain curve beside the glass, frames, and where events happen.
import { follow, json, post } from "./api.js";
import { chart } from "./charts.js";
import { $, choice, field, make, number, svg, table, tidy } from "./dom.js";

const MODES = [["pure_shear", "pure shear"], ["simple_shear", "simple shear"], ["uniaxial", "uniaxial"]];
const BEAT = 120; // ms between frames that play

export function deformationBox(app, state) {
  const box = $("box-deform");
  const slider = $("frame");
  const entry = (value, step = "any") => make("input", { type: "number", value, step, min: "0" });
  const potential = choice([], "", () => {}, { id: "potential" });
  const mode = choice(MODES, "pure_shear", () => {});
  const sign = choice([["1", "forward"], ["-1", "backward"]], "1", () => {});
  const most = entry("0.1");
  const step = entry("0.001");
  const events = entry("3", "1");
  const list = make("div");
  const progress = make("progress", { max: "1", "aria-label": "how far the deformation is", hidden: true });
  const begin = make("button", { type: "button", class: "main", id: "deform", onclick: () => deform() }, "Deform");
  const halt = make("button", { type: "button", hidden: true, onclick: () => running && running.stop && running.stop() }, "Stop");
  let running = null;
  let track = null;
  let picture = null;
  let asked = 0;
  let relax = false;
  const rest = make("input", { type: "checkbox", id: "rest-first", onchange: (event) => { relax = event.target.checked; } });

  async function deform() {
    app.warn("");
    begin.disabled = true;
    halt.hidden = progress.hidden = false;
    progress.removeAttribute("value");
    const mine = {};
    running = mine;
    try {
      const angle = Number($("angle").value);
      const how = { potential: potential.value, mode: mode.value, sign: Number(sign.value), angle, strain_max: Number(most.value), strain_step: Number(step.value), stop_after_events: events.value === "" ? null : Number(events.value), relax };
      Object.assign(mine, follow(await post("/api/deform", how), (told) => {
        if (running !== mine) return;
        app.say(`${told.line || "waiting"} (${told.seconds.toFixed(0)} s)`);
        if (told.share !== null) progress.value = told.share;
      }));
      const answer = await mine.done;
      if (running !== mine) return;
      app.say(`deformed in ${answer.seconds.toFixed(1)} s, ${answer.events.length} events`);
      show(answer);
      app.tell("deformed");
    } catch (error) {
      if (running !== mine) return;
      app.warn(error.message === "stopped" ? "the deformation was stopped; nothing of it is kept" : error.message);
      app.say("");
    } finally {
      if (running === mine) { leave(); begin.disabled = false; }
    }
  }

  // What is computed is of no use any more: the server ends it when something else is opened.
  function leave() {
    running = null;
    halt.hidden = progress.hidden = true;
  }

  // Curve, slider and list of a deformation.
  function show(trajectory) {
    track = trajectory;
    box.open = true;
    $("below").hidden = false;
    slider.max = String(Math.max(0, trajectory.frames.length - 1));
    slider.value = "0";
    draw(trajectory.stress, trajectory.stress_name || "stress");
    const others = Object.keys(trajectory.others || {});
    const component = others.length > 1 ? field("stress", choice(others.map((name) => [name, name]), others[0], (name) => draw(trajectory.others[name], name))) : null;
    const rows = trajectory.events.map((event, k) => [k + 1, event.strain, event.kind, event.atom, event.move]);
    list.replaceChildren(...(component ? [component] : []), table(["event", "strain", "kind", "atom", `move (${tidy(app.structure.length)})`], rows, `${trajectory.loading ? `${trajectory.loading}: ` : ""}${rows.length} events${rows.length ? "; press a number to see one" : ""}`, (k) => visit(k)));
    mark();
    slider.dispatchEvent(new Event("input"));
  }

  function draw(stress, name) {
    const unit = track.stress_unit;
    picture = chart([{ name, x: track.strain, y: stress }], "strain", `${name} (${tidy(unit)})`, `Stress-strain curve with ${track.events.length} events`, $("curve"));
    picture.line = svg("path", { class: "now" });
    picture.picture.append(picture.line);
    track.events.forEach((event, k) => {
      const at = nearest(track.strain, event.strain);
      const dot = svg("circle", { class: "event", r: "5", cx: picture.sx(event.strain), cy: picture.sy(stress[at]) }, svg("title", {}, `event ${k + 1} at strain ${number(event.strain)}: ${event.kind}, atom ${event.atom}`));
      dot.addEventListener("click", () => visit(k));
      picture.picture.append(dot);
    });
    picture.picture.addEventListener("click", (event) => {
      const { left, width } = picture.picture.getBoundingClientRect();
      go(nearest(track.frames, picture.inverse(((event.clientX - left) / width) * picture.width)));
    });
    $("curve").replaceChildren(picture.picture);
    now();
  }

  const place = (event) => event.at || event.at_in_file.map((x, axis) => x - app.structure.origin[axis]);

  function mark(now = -1) {
    app.marks = track.events.map((event, k) => ({ at: place(event), atom: app.structure.ids.indexOf(event.atom), text: String(k + 1), now: k === now }));
    app.refresh();
  }

  function visit(k) {
    const event = track.events[k];
    mark(k);
    app.centre(place(event));
    // the first frame behind the event
    const after = track.frames.findIndex((strain) => strain >= event.strain - 1e-12);
    go(after < 0 ? track.frames.length - 1 : after);
    app.say(`event ${k + 1} at strain ${number(event.strain)}: ${event.kind}, atom ${event.atom}`);
  }

  function go(k) { slider.value = String(k); slider.dispatchEvent(new Event("input")); }

  function now() {
    const strain = track.frames[Number(slider.value)];
    const which = strain === null ? `${Number(slider.value) + 1} of ${track.frames.length}` : `at strain ${number(strain)}`;
    $("frame-strain").textContent = which;
    slider.setAttribute("aria-valuetext", which);
    if (picture && strain !== null) picture.line.setAttribute("d", `M${picture.sx(strain)} ${picture.top}V${picture.bottom}`);
  }

  slider.addEventListener("input", async () => {
    if (!track) return;
    now();
    const mine = (asked += 1);
    try {
      const frame = await json(`/api/frame/${slider.value}`);
      if (mine === asked) app.setFrame(frame);
    } catch (error) { if (mine === asked) app.warn(error.message); }
  });

  let beating = 0;
  const play = $("play");
  play.addEventListener("click", () => {
    const on = !beating;
    still();
    if (!on) return;
    beating = setInterval(() => go((Number(slider.value) + 1) % (Number(slider.max) + 1)), BEAT);
    play.setAttribute("aria-pressed", "true");
    play.textContent = "Pause";
  });

  function still() {
    clearInterval(beating);
    beating = 0;
    play.setAttribute("aria-pressed", "false");
    play.textContent = "Play";
  }

  box.lastElementChild.replaceChildren(
    make("p", { class: "note" }, "athermal, quasistatic, along the direction of the dial; strain has no unit"),
    field("potential", potential), field("mode", mode), field("sign", sign), field("to strain", most), field("in steps of", step), field("events, at most", events),
    make("div", { class: "row" }, make("label", {}, rest, "at rest first")),
    make("div", { class: "row" }, begin, halt), progress, list,
  );
  app.on("structure", () => {
    const { names } = app.structure;
    const fits = state.potentials.filter((each) => app.unnamed === each.names.length || names.every((name) => each.names.includes(name)));
    potential.replaceChildren(...fits.map(({ name }) => make("option", { value: name }, name)));
    const flat = fits.find(({ name }) => (app.structure.dimension === 2) === /2d|yukawa/.test(name));
    if (flat) potential.value = flat.name;
    leave();
    asked += 1; // frames that are on their way are of what was open before
    begin.disabled = !fits.length;
    box.hidden = app.kind === "image";
    track = null;
    $("below").hidden = true;
    list.replaceChildren(...(fits.length ? [] : [make("p", { class: "note" }, "no potential that needs nothing but its name knows these species; deform the glass with vitreous deform, and open its folder here")]));
    still();
  });
  return { show, frames: (strains) => { track = { strain: [], stress: [], events: [], frames: strains, stress_unit: "" }; $("below").hidden = false; $("curve").replaceChildren(); picture = null; slider.max = String(strains.length - 1); slider.value = String(strains.length - 1); now(); } };
}

function nearest(values, wanted) {
  let best = 0;
  values.forEach((value, k) => { if (value !== null && Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = k; });
  return best;
}
