// The form that starts a demo: the plan, the stream, first what it will cost, then the start.

import { at, made, say, show } from "./dom.js";
import { count, money, phaseName, plural } from "./format.js";
import { post } from "./server.js";

const FIELDS = [
  ["target_tps", "records/s"],
  ["duration_seconds", "seconds"],
  ["task_count", "tasks (empty: as needed)"],
];
const PHASE_FIELD = /^phases\[(\d)\]\.(\w+)$/;

export function prepareStart(about, onStarted) {
  const [dialog, form] = [at("start-dialog"), at("start-form")];
  const plans = { quick: about.quickPhases, full: about.workflow.defaultPhases };
  at("plan-phases").replaceChildren(...phaseInputs());
  const choose = () => take(plans[form.elements.plan.value]);
  choose();

  at("new").addEventListener("click", () => {
    changed();
    dialog.showModal();
  });
  at("start-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("input", (event) => {
    if (event.target.name === "plan") choose();
    changed();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const checked = body();
      const answer = await post("demos", checked, { dry_run: true });
      // What was typed meanwhile has not been checked.
      if (JSON.stringify(checked) !== JSON.stringify(body())) return;
      say(at("start-estimate"), priced(answer));
      at("start-go").disabled = false;
      at("start-go").focus();
    });
  });
  at("start-go").addEventListener("click", () =>
    attempt(async () => {
      at("start-go").disabled = true;
      const answer = await post("demos", body());
      dialog.close();
      onStarted(answer.demoId);
    }),
  );
}

function phaseInputs() {
  const head = made("tr", {}, made("th", { scope: "col" }, "Phase"),
    ...FIELDS.map(([, unit]) => made("th", { scope: "col" }, unit)));
  const rows = [0, 1, 2, 3].map((index) =>
    made("tr", {}, made("th", { scope: "row" }, phaseName(index + 1)),
      ...FIELDS.map(([name, unit]) =>
        made("td", {}, made("input", {
          name: `phases[${index}].${name}`, inputmode: "numeric", autocomplete: "off",
          "aria-label": `Phase ${phaseName(index + 1)}, ${unit}`,
        })))),
  );
  const words = "Records per second, seconds and tasks of each phase";
  return [made("caption", { class: "unseen" }, words), made("thead", {}, head), made("tbody", {}, ...rows)];
}

const input = (index, name) => at("start-form").elements[`phases[${index}].${name}`];

function take(phases) {
  phases.forEach((phase, index) => FIELDS.forEach(([name]) => (input(index, name).value = phase[name] ?? "")));
}

// What the API is sent: numbers where they can be read, else what was typed, for the API to refuse.
function body() {
  const form = at("start-form");
  const phases = [0, 1, 2, 3].map((index) =>
    Object.fromEntries(
      FIELDS.map(([name]) => [name, input(index, name).value.replaceAll(",", "").trim()])
        .filter(([, text]) => text !== "")
        .map(([name, text]) => [name, Number.isFinite(Number(text)) ? Number(text) : text]),
    ),
  );
  const name = form.elements.name.value.trim();
  const thresholds = form.elements.thresholds.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const asked = thresholds.length && { thresholds, abort_on_fail: form.elements.abort_on_fail.checked };
  return { ...(name && { name }), ...asked, phases, stream: { mode: form.elements.stream.value } };
}

function changed() {
  at("start-go").disabled = true;
  say(at("start-estimate"), "");
  complain(null);
}

async function attempt(act) {
  complain(null);
  at("start-check").disabled = true;
  try {
    await act();
  } catch (error) {
    complain(error);
  } finally {
    at("start-check").disabled = false;
  }
}

function complain(error) {
  const problem = at("start-problem");
  show(problem, Boolean(error));
  for (const element of at("start-form").elements) element.removeAttribute("aria-invalid");
  if (!error) return;
  const fields = error.fields ?? [];
  problem.replaceChildren(
    made("p", {}, error.message),
    made("ul", {}, ...fields.map(({ field, problem: what, try: advice }) => made("li", {}, `${named(field)} ${what}: ${advice}`))),
  );
  const wrong = fields.map(({ field }) => at("start-form").elements[field]).filter(Boolean);
  wrong.forEach((element) => element.setAttribute("aria-invalid", "true"));
  wrong[0]?.focus();
}

function named(field) {
  const [, index, name] = PHASE_FIELD.exec(field) ?? [];
  if (!name) return field;
  const unit = FIELDS.find(([one]) => one === name)?.[1] ?? name;
  return `Phase ${phaseName(Number(index) + 1)}, ${unit}:`;
}

function priced({ phases, cost }) {
  const seconds = phases.reduce((sum, phase) => sum + phase.duration_seconds, 0);
  const records = phases.reduce((sum, phase) => sum + phase.duration_seconds * phase.target_tps, 0);
  return `${money(cost)} by list prices of ${cost.region} as of ${cost.prices_as_of}, for ${count(records)} records in ${plural(seconds, "second")}. Nothing is started yet.`;
}
