// Two demos side by side: their curves over each other, both from their own start, and their figures.

import { POINTS, Chart } from "./charts.js";
import { at, fill, say } from "./dom.js";
import { figures } from "./overview.js";
import { thinned } from "./series.js";

const CHARTS = [
  { title: "Achieved throughput", unit: "records/s", of: "delivered" },
  { title: "p99 latency from due time", unit: "ms", of: "latency_p99_ms" },
  { title: "Open shards", unit: "", of: "open_shards", stepped: true },
];

let charts = [];
let drawnFor = "";

export function drawComparison(first, second) {
  if (!first.demo || !second.demo) return;
  const names = [first.demoId, second.demoId];
  say(at("compare-facts"), `${names.join(" and ")}, each from its own start`);
  if (drawnFor !== names.join()) {
    drawnFor = names.join();
    charts.forEach((chart) => chart.destroy());
    at("compare-charts").replaceChildren();
    charts = CHARTS.map((chart) => new Chart(at("compare-charts"), { ...chart, sync: "both", lines: lines(names, chart) }));
  }
  CHARTS.forEach(({ of }, index) => charts[index].draw(overlaid([first, second], of)));
  const [left, right] = [figures(first), figures(second)];
  const rows = left.map(([name, value], row) => [name, value, right[row]?.[1] ?? ""]);
  fill(at("compare-table"), "Both demos in figures", ["Figure", ...names], rows);
}

function lines([first, second], { stepped }) {
  return [
    { label: first, colour: "accent", width: 2.5, stepped },
    { label: second, colour: "ink", dash: [6, 4], stepped },
  ];
}

// Both by whole seconds from their starts; where only one has a number, the other has none.
function overlaid(feeds, name) {
  const columns = feeds.map((feed) => {
    const { x, columns } = thinned(feed.series, Math.floor(feed.origin), POINTS);
    return new Map(x.map((second, row) => [second, columns[name]?.[row] ?? null]));
  });
  const x = [...new Set(columns.flatMap((column) => [...column.keys()]))].sort((a, b) => a - b);
  return [x, ...columns.map((column) => x.map((second) => column.get(second) ?? null))];
}
