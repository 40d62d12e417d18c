// The list of demos: which there are, how they stand, and which of them is shown.

import { at, made, say, show } from "./dom.js";
import { clock, epoch, moment } from "./format.js";
import { get } from "./server.js";

export class DemoList {
  newest = [];
  older = [];
  #token = null;

  get all() {
    const known = new Set(this.newest.map((demo) => demo.demoId));
    return [...this.newest, ...this.older.filter((demo) => !known.has(demo.demoId))];
  }

  async look() {
    const answer = await get("demos");
    this.newest = answer.demos;
    if (!this.older.length) this.#token = answer.nextToken;
    return true;
  }

  async more() {
    const answer = await get("demos", { token: this.#token });
    this.older.push(...answer.demos);
    this.#token = answer.nextToken;
  }

  draw(shownId) {
    const list = at("demos");
    const demos = this.all;
    show(at("more"), Boolean(this.#token));
    if (!sameIds(list, demos)) list.replaceChildren(...demos.map(item));
    demos.forEach((demo, index) => update(list.children[index], demo, demo.demoId === shownId));
    this.#choices(shownId, demos);
  }

  // Which demos the one that is shown can be compared with.
  #choices(shownId, demos) {
    const others = demos.map((demo) => demo.demoId).filter((id) => id !== shownId);
    const select = at("compare-with");
    show(at("compare-form"), Boolean(shownId) && others.length > 0);
    if ([...select.options].map((option) => option.value).join() === others.join()) return;
    const chosen = select.value;
    select.replaceChildren(...others.map((id) => made("option", { value: id }, id)));
    if (others.includes(chosen)) select.value = chosen;
  }
}

function sameIds(list, demos) {
  return list.children.length === demos.length
    && demos.every((demo, index) => list.children[index].dataset.id === demo.demoId);
}

function item({ demoId }) {
  return made("li", { "data-id": demoId }, made("a", { href: `#demo=${demoId}` }, demoId), made("span", { class: "muted" }));
}

function update(element, demo, current) {
  const [link, note] = element.children;
  if (current) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
  const ended = epoch(demo.stopDate);
  const took = ended ? `, took ${clock(ended - epoch(demo.startDate))}` : "";
  say(note, `${demo.status} · ${moment(demo.startDate)}${took}`);
}
