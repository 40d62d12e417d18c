// Numbers, times and money in words. Pure.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat("en-US", { maximumFractionDigits: 4 });
const unitPrice = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
const cents = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 });

export const NONE = "–";
export const PHASES = { 1: "baseline", 2: "spike", 3: "peak", 4: "decline" };

export const count = (value) => (value == null ? NONE : whole.format(value));
export const exact = (value) => (value == null ? NONE : tenths.format(value));
export const price = (value) => unitPrice.format(value);
export const fine = (value) => (value == null ? NONE : precise.format(value));

// Three digits are as much as a latency is worth.
export const millis = (value) =>
  value == null ? NONE : value < 100 ? tenths.format(value) : whole.format(value);

export const amount = (cost) => (cost ? cents.format(cost.total) : NONE);
export const money = (cost) => (cost ? `${amount(cost)} ${cost.currency}` : NONE);

export const share = (part, of) => (part == null || !of ? NONE : `${exact((100 * part) / of)}%`);

// Seconds as minutes and seconds: 1:05, or 1:00:05 from an hour on.
export function clock(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60)];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

export const epoch = (moment) => (moment ? Date.parse(moment) / 1000 : null);
export const moment = (text) => text.slice(0, 19).replace("T", " ") + "Z";
export const phaseName = (number) => `${number} ${PHASES[number] ?? ""}`.trim();
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
