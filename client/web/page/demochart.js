// The three charts of one demo, and the same numbers as a table.

import { POINTS, Chart } from "./charts.js";
import { at, fill, tell } from "./dom.js";
import { clock, count, epoch, millis, phaseName } from "./format.js";
import { thinned } from "./series.js";

const TABLE_ROWS = 60;
const CHARTS = [
  {
    title: "Throughput", unit: "records/s",
    lines: [
      { label: "target", colour: "muted", dash: [6, 4], of: "target_tps", stepped: true },
      { label: "achieved", colour: "accent", width: 2.5, fill: "wash", of: "delivered" },
      { label: "throttled", colour: "warn", of: "throttled" },
    ],
  },
  {
    title: "Latency from due time", unit: "ms",
    lines: [
      { label: "p50", colour: "muted", of: "latency_p50_ms" },
      { label: "p90", colour: "muted", dash: [6, 4], of: "latency_p90_ms" },
      { label: "p99", colour: "accent", width: 2.5, of: "latency_p99_ms" },
    ],
  },
  {
    title: "Shards and tasks", unit: "",
    lines: [
      { label: "open shards", colour: "accent", width: 2.5, of: "open_shards", stepped: true },
      { label: "tasks sending", colour: "muted", dash: [6, 4], of: "tasks_sending", stepped: true },
    ],
  },
];
const HEAD = [
  "After", "Target, records/s", "Achieved, records/s", "Throttled, a second", "p50, ms", "p90, ms",
  "p99, ms", "Open shards", "Tasks sending",
];
const COLUMNS = CHARTS.flatMap((chart) => chart.lines.map((line) => line.of));

let charts = null;

export function drawCharts(feed) {
  const { series, lacking } = feed;
  tell(at("no-series"), lacking ? `There are no numbers by the second: ${lacking}` : series.length ? null : "The first numbers come within seconds of the first phase.");
  charts ??= CHARTS.map((chart) => new Chart(at("charts"), { ...chart, sync: "demo" }));
  at("charts").hidden = !series.length;
  if (!series.length) return;
  const { x, columns } = thinned(series, origin(feed), POINTS);
  const empty = () => x.map(() => null);
  charts.forEach((chart, index) => {
    chart.draw([x, ...CHARTS[index].lines.map(({ of }) => columns[of] ?? empty())], marks(feed));
  });
  drawTable(feed);
}

export function drawTable(feed) {
  if (!at("as-table").open || !feed.series.length) return;
  const { x, columns, step } = thinned(feed.series, origin(feed), TABLE_ROWS);
  const rows = x.map((second, row) => [
    clock(second),
    ...COLUMNS.map((name) => (name.startsWith("latency") ? millis : count)(columns[name]?.[row])),
  ]);
  fill(at("series-table"), `Every ${step === 1 ? "second" : `${step} seconds`}: rates are means, latencies the highest`, HEAD, rows);
}

// The whole second in which the demo started: the numbers are by whole seconds, too.
const origin = (feed) => Math.floor(feed.origin);

function marks(feed) {
  return feed.demo.phases
    .filter((phase) => phase.started_at)
    .map((phase) => ({ x: epoch(phase.started_at) - origin(feed), label: phaseName(phase.phase_number) }));
}
