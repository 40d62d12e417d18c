// A demo in figures: the large numbers, the phases, thresholds, cost, and what became of it.

import { at, fill, made, say, show, tell } from "./dom.js";
import { NONE, PHASES, amount, clock, count, epoch, exact, fine, millis, moment, money, phaseName, plural, price, share } from "./format.js";

// Times from the moment at which a record was due: what the API counts by the second.
const P99 = "latency_p99_ms";

export function overview(feed) {
  const { demo, series } = feed;
  say(at("title"), demo.demoId);
  say(at("status"), state(demo));
  at("status").dataset.status = demo.status;
  show(at("stop"), demo.status === "RUNNING");
  say(at("facts"), facts(feed));
  tell(at("failure"), failure(demo));
  numbers(feed);
  phases(demo, series);
  thresholds(demo.thresholds);
  cost(demo);
}

export function phaseUnderWay(demo) {
  return demo.phases.find((phase) => phase.phase_number === demo.currentPhase) ?? null;
}

export function figures(feed) {
  const { demo, series } = feed;
  const { records } = demo;
  return [
    ["Status", demo.status],
    ["Lasted", clock(feed.seconds)],
    ...demo.phases.map((phase) => [
      `Phase ${phaseName(phase.phase_number)}, achieved of target, records/s`,
      `${exact(phase.achieved_tps)} of ${count(phase.target_tps)}`,
    ]),
    ["Records delivered", count(records.delivered)],
    ["Records throttled", count(records.throttled)],
    ["Records failed", count(records.failed)],
    ["p99 latency from due time, worst second, ms", millis(series.highest(P99))],
    ["Open shards, most", count(series.highest("open_shards") ?? demo.stream.open_shards)],
    ["Cost", money(demo.cost.actual)],
  ];
}

function state(demo) {
  if (demo.status !== "RUNNING") return demo.status;
  const phase = phaseUnderWay(demo);
  return phase ? `RUNNING, phase ${phaseName(phase.phase_number)}` : "RUNNING";
}

function facts(feed) {
  const { demo } = feed;
  const others = demo.stream.shared_with;
  return [
    `started ${moment(demo.startDate)}`,
    demo.status === "RUNNING" ? `running for ${clock(feed.seconds)}` : `took ${clock(feed.seconds)}`,
    `stream ${demo.stream.name} (${demo.stream.mode})`,
    others.length ? `shared with ${others.join(", ")}: their traffic counts here too` : null,
  ].filter(Boolean).join(" · ");
}

function failure(demo) {
  if (!demo.error && !demo.cause) return null;
  return `Ended with ${[demo.error, demo.cause].filter(Boolean).join(": ")}`;
}

function numbers(feed) {
  const { demo, series } = feed;
  const phase = phaseUnderWay(demo);
  const running = demo.status === "RUNNING";
  const delivered = running ? demo.current_tps : best(demo);
  const shards = demo.stream.open_shards ?? series.last("open_shards");
  const entries = [
    [running ? "Achieved" : "Achieved at the peak", count(delivered), "records/s", "large"],
    [running ? "Target" : "Target of the peak", count(phase?.target_tps ?? (running ? null : peak(demo)?.target_tps)), "records/s", "large"],
    ["Delivered", count(demo.records.delivered), "records"],
    ["Throttled", count(demo.records.throttled), "times"],
    ["Given up", count(demo.records.failed), "records"],
    [running ? "p99 latency" : "p99 latency, worst second", millis(running ? series.last(P99) : series.highest(P99)), "ms from due time"],
    ["Open shards", count(shards), ""],
    ["Tasks running", `${count(demo.tasks.running)} of ${count(demo.tasks.desired)}`, "desired"],
    [running ? "Cost so far" : "Cost", amount(demo.cost.actual), demo.cost.actual?.currency ?? ""],
    phase?.ends_at ? ["Phase ends in", clock(left(phase)), "min:s"] : ["Lasted", clock(feed.seconds), "min:s"],
  ];
  const list = at("numbers");
  while (list.children.length < entries.length) {
    list.append(made("div", {}, made("dt"), made("dd", {}, made("span", { class: "value" }), " ", made("span", { class: "unit" }))));
  }
  entries.forEach(([name, value, unit, size], index) => {
    const box = list.children[index];
    box.className = size ?? "";
    say(box.querySelector("dt"), name);
    say(box.querySelector(".value"), value);
    say(box.querySelector(".unit"), unit);
  });
}

const left = (phase) => epoch(phase.ends_at) - Date.now() / 1000;
const peak = (demo) => demo.phases.reduce((top, phase) => (top && top.target_tps >= phase.target_tps ? top : phase), null);
const best = (demo) => peak(demo)?.achieved_tps ?? null;

function phases(demo, series) {
  const head = [
    "Phase", "Target, records/s", "Achieved, records/s", "of target", "Tasks", "To target, s",
    "Delivered", "Throttled", "Given up", "p99, worst second, ms",
  ];
  const rows = demo.phases.map((phase) => {
    const [from, to] = [epoch(phase.started_at), epoch(phase.ends_at)];
    return [
      `${phaseName(phase.phase_number)}${phase.phase_number === demo.currentPhase ? " (now)" : ""}`,
      count(phase.target_tps),
      exact(phase.achieved_tps),
      share(phase.achieved_tps, phase.target_tps),
      count(phase.task_count),
      phase.seconds_to_target == null ? (phase.ended_at ? "never" : NONE) : exact(phase.seconds_to_target),
      count(phase.records.delivered),
      count(phase.records.throttled),
      count(phase.records.failed),
      from == null ? NONE : millis(series.highest(P99, from, to)),
    ];
  });
  fill(at("phases"), "The demo by phase", head, rows);
}

const VERDICT = { true: "holds", false: "crossed", null: "can't be told yet" };

function thresholds(all) {
  show(at("thresholds"), all.length > 0);
  at("threshold-list").replaceChildren(
    ...all.map(({ threshold, value, unit = "", ok }) =>
      made("li", { "data-ok": String(ok) }, made("code", {}, threshold),
        ` ${VERDICT[String(ok)]}${value == null ? "" : `, is ${fine(value)} ${unit}`.trimEnd()}`)),
  );
}

function cost(demo) {
  const { estimate, actual } = demo.cost;
  const shown = actual ?? estimate;
  const planned = estimate ? `${money(estimate)} for the whole plan` : null;
  const spent = actual ? `${money(actual)} ${demo.status === "RUNNING" ? "so far" : "in all"}` : null;
  const source = shown ? `list prices of ${shown.region} as of ${shown.prices_as_of}` : null;
  say(at("cost-note"), [spent, planned, source].filter(Boolean).join(" · ") || "Not known yet.");
  fill(
    at("cost"),
    actual ? "What it has cost, line by line" : "What it will cost, line by line",
    ["Item", "Quantity", "Unit", "Price", `Amount, ${shown?.currency ?? ""}`],
    (shown?.lines ?? []).map((line) => [
      line.item, fine(line.quantity), line.unit, price(line.price), line.amount.toFixed(4),
    ]),
  );
}

// What has come since `before`; null before the first answer, when a phase may be under way already.
export function announcement(before, demo) {
  if (before && before.status !== demo.status) return `Demo ${demo.demoId} ${demo.status.toLowerCase()}.`;
  const phase = demo.status === "RUNNING" && phaseUnderWay(demo);
  if (!phase || before?.currentPhase === demo.currentPhase) return null;
  const tasks = plural(phase.task_count, "task");
  return `Phase ${phase.phase_number}, ${PHASES[phase.phase_number]}: ${count(phase.target_tps)} records per second by ${tasks}.`;
}
