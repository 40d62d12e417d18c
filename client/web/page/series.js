// A demo's numbers by the second, put together from the answers as they come. Pure.
//
// Columns are plain arrays, since a number that nobody knows is null there, which charts leave open.

export class Series {
  begin = 0;
  period = 0;
  length = 0;
  columns = {};

  get end() {
    return this.begin + this.length * this.period;
  }

  // Takes an answer in; one that doesn't go on where this ends replaces what there is.
  add({ begin, end, period, series }) {
    if (!period) return;
    if (period !== this.period || begin < this.begin || begin > this.end) {
      Object.assign(this, { begin, period, length: 0, columns: {} });
    }
    const known = (begin - this.begin) / period;
    const length = Math.max(this.length, known + (end - begin) / period);
    for (const name of new Set([...Object.keys(this.columns), ...Object.keys(series)])) {
      const column = (this.columns[name] ??= []);
      for (let index = column.length; index < known; index++) column.push(null);
      const numbers = series[name] ?? [];
      for (let index = 0; index < numbers.length; index++) column[known + index] = numbers[index];
      while (column.length < length) column.push(null);
    }
    this.length = length;
  }

  last(name) {
    const column = this.columns[name] ?? [];
    for (let index = column.length - 1; index >= 0; index--) {
      if (column[index] != null) return column[index];
    }
    return null;
  }

  // The highest number within [from, to), epoch seconds.
  highest(name, from = this.begin, to = this.end) {
    const column = this.columns[name] ?? [];
    const last = Math.min(column.length, Math.ceil((to - this.begin) / this.period));
    let found = null;
    for (let index = Math.max(0, Math.ceil((from - this.begin) / this.period)); index < last; index++) {
      if (column[index] != null && (found == null || column[index] > found)) found = column[index];
    }
    return found;
  }
}

const COUNTS = ["generated", "delivered", "throttled", "retried", "failed"];
const SUMMARY = {
  latency_p50_ms: Math.max, latency_p90_ms: Math.max, latency_p99_ms: Math.max,
  open_shards: (_, newer) => newer, tasks_sending: (_, newer) => newer,
};

// Periods to a row: such that rows stay what they are for as long as more come.
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

// At most `most` rows: x (seconds since `origin`) and, by name, counts as records per second, the
// target as its mean, of latencies the highest, of levels the last.
export function thinned(series, origin, most) {
  const least = series.length / most;
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least);
  const rows = Math.ceil(series.length / step);
  const x = Array.from({ length: rows }, (_, row) => series.begin - origin + row * step * series.period);
  const columns = {};
  for (const [name, column] of Object.entries(series.columns)) {
    const seconds = COUNTS.includes(name) ? series.period : 1;
    columns[name] = step === 1 && seconds === 1 ? column : folded(name, column, step, seconds);
  }
  return { x, columns, step: step * series.period };
}

function folded(name, column, step, seconds) {
  const join = SUMMARY[name];
  const rows = [];
  for (let begin = 0; begin < column.length; begin += step) {
    const end = Math.min(column.length, begin + step);
    let found = null;
    let known = 0;
    for (let index = begin; index < end; index++) {
      const value = column[index];
      if (value == null) continue;
      known += 1;
      found = found == null ? value : join ? join(found, value) : found + value;
    }
    rows.push(found == null || join ? found : found / (COUNTS.includes(name) ? end - begin : known) / seconds);
  }
  return rows;
}
