// The state machine, drawn as the list of its states in the order in which a demo takes them, with
// what has been, what is, and the way that a failure goes; and the history as a table.

import { at, fill, made, say } from "./dom.js";
import { NONE, clock, epoch, moment } from "./format.js";

export function drawWorkflow(machine, feed) {
  const { demo } = feed;
  const transitions = demo.transitions;
  const entered = new Map(transitions.map((one, index) => [one.state, index]));
  list(at("flow"), machine.path, demo, transitions, entered);
  list(at("flow-failure"), machine.failure, demo, transitions, entered);
  history(demo, transitions, feed.origin);
}

function list(element, states, demo, transitions, entered) {
  if (element.children.length !== states.length) {
    element.replaceChildren(
      ...states.map(({ name, type, comment }) =>
        made("li", { title: comment, "data-type": type }, made("span", { class: "state" }, ...breakable(name)), made("span", { class: "when" }))),
    );
  }
  states.forEach(({ name }, index) => {
    const item = element.children[index];
    const position = entered.get(name);
    const current = demo.status === "RUNNING" && demo.currentState === name;
    item.className = current ? "current" : position == null ? "ahead" : "done";
    if (current) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
    say(item.querySelector(".when"), when(demo, transitions, position, current));
  });
}

// A name may go on in the next line where a word of it begins.
function breakable(name) {
  return name.split(/(?=[A-Z])/).flatMap((word, index) => (index ? [made("wbr"), word] : [word]));
}

function when(demo, transitions, position, current) {
  if (position == null) return demo.status === "RUNNING" ? "ahead" : "not entered";
  const at = clock(epoch(transitions[position].entered_at) - epoch(demo.startDate));
  return current ? `now, since ${at}` : `at ${at}, for ${lasted(demo, transitions, position)}`;
}

function lasted(demo, transitions, position) {
  const next = transitions[position + 1]?.entered_at ?? demo.stopDate;
  if (!next) return NONE;
  const seconds = Math.max(0, epoch(next) - epoch(transitions[position].entered_at));
  return seconds < 10 ? `${seconds.toFixed(1)}\u00a0s` : clock(seconds);
}

function history(demo, transitions, origin) {
  const rows = transitions.map((one, position) => [
    one.state,
    moment(one.entered_at),
    clock(epoch(one.entered_at) - origin),
    lasted(demo, transitions, position),
  ]);
  fill(at("transitions"), "States as they were entered", ["State", "Entered", "After", "Lasted"], rows);
}
