// Charts over a demo's seconds, drawn by uPlot. Each comes with words: a legend, and the numbers under
// the pointer; who can't see it has the table.

import uPlot from "/uplot/uPlot.esm.js";
import { made, say } from "./dom.js";
import { clock, count } from "./format.js";

// What is drawn costs by its length, most of all without a graphics card; beyond this, neighbours are
// drawn as one. An hour is drawn by five seconds.
export const POINTS = 720;
const HEIGHT = 240;
const AXIS = { size: 64, font: "14px system-ui, sans-serif" };
const dark = matchMedia("(prefers-color-scheme: dark)");

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export class Chart {
  #waits = false;
  #plot = null;
  #data = null;
  #marks = [];
  #sizes;

  // `lines`: {label, colour (a variable of the style sheet), dash, width, stepped, fill}
  constructor(parent, { title, unit, lines, sync }) {
    this.lines = lines;
    this.unit = unit;
    this.sync = sync;
    this.readout = made("output", { class: "readout", "aria-hidden": "true" });
    this.area = made("div", { class: "plot", "aria-hidden": "true" });
    const legend = made("ul", { class: "legend" }, ...lines.map(entry));
    const caption = made("figcaption", {}, made("strong", {}, title), ` ${unit}`, legend, this.readout);
    parent.append(made("figure", {}, caption, this.area));
    this.#sizes = new ResizeObserver(() => this.#resize());
    this.#sizes.observe(this.area);
    dark.addEventListener("change", this.#make);
  }

  destroy() {
    this.#data = null;
    this.#sizes.disconnect();
    dark.removeEventListener("change", this.#make);
    this.#plot?.destroy();
  }

  // `data`: x and a column for each line; `marks`: {x, label} where a phase begins. Drawn with the
  // next frame, one chart a frame, so that none takes long.
  draw(data, marks = []) {
    this.#data = data;
    this.#marks = marks;
    if (this.#waits) return;
    this.#waits = true;
    queue(() => this.#paint());
  }

  #paint() {
    this.#waits = false;
    if (!this.#plot) this.#make();
    else if (this.#data) this.#plot.setData(this.#data);
  }

  #make = () => {
    if (!this.#data) return;
    this.#plot?.destroy();
    const axis = { ...AXIS, stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
    this.#plot = new uPlot(
      {
        width: this.area.clientWidth || 300,
        height: HEIGHT,
        legend: { show: false },
        cursor: { sync: { key: this.sync }, drag: { x: false, y: false }, points: { size: 7 } },
        scales: { x: { time: false }, y: { range: (_, __, high) => [0, high > 0 ? high * 1.15 : 1] } },
        axes: [
          { ...axis, size: 30, values: (_, ticks) => ticks.map(clock), incrs: [1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200] },
          { ...axis, values: (_, ticks) => ticks.map((tick) => (tick % 1 ? String(tick) : count(tick))) },
        ],
        series: [{}, ...this.lines.map(drawn)],
        hooks: { drawClear: [(plot) => this.#drawMarks(plot)], setCursor: [(plot) => this.#read(plot)] },
      },
      this.#data,
      this.area,
    );
  };

  #resize() {
    const width = this.area.clientWidth;
    if (this.#plot && width && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #drawMarks(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.setLineDash([]);
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillStyle = colour("muted");
    ctx.strokeStyle = colour("mark");
    ctx.lineWidth = devicePixelRatio;
    for (const { x, label } of this.#marks) {
      const left = Math.round(plot.valToPos(x, "x", true));
      if (left < bbox.left || left > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillText(label, left + 4 * devicePixelRatio, bbox.top + 2 * devicePixelRatio);
    }
    ctx.restore();
  }

  #read(plot) {
    const index = plot.cursor.idx;
    if (index == null) return say(this.readout, "");
    const parts = this.lines.map(({ label }, line) => `${label} ${count(plot.data[line + 1][index])}`);
    say(this.readout, [clock(plot.data[0][index]), ...parts].join(" · "));
  }
}

function drawn({ label, colour: name, dash, width = 2, stepped, fill }) {
  return {
    label,
    stroke: colour(name),
    fill: fill && colour(fill),
    width,
    dash,
    points: { show: false },
    // Levels hold until the next is told.
    spanGaps: Boolean(stepped),
    paths: stepped && uPlot.paths.stepped({ align: 1 }),
  };
}

function entry({ label, colour: name, dash }) {
  return made("li", { class: `line-${name}${dash ? " dashed" : ""}` }, label);
}

const waiting = [];

// One job a frame.
function queue(job) {
  waiting.push(job);
  if (waiting.length === 1) requestAnimationFrame(work);
}

function work() {
  waiting[0]();
  waiting.shift();
  if (waiting.length) requestAnimationFrame(work);
}
