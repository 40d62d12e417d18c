// The page's elements: found, made, filled. What is already there is left alone.

export const at = (id) => document.getElementById(id);

export function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, shown = true) {
  if (element.hidden === shown) element.hidden = !shown;
}

// Shows a text, or nothing where there is none.
export function tell(element, text) {
  show(element, Boolean(text));
  say(element, text ?? "");
}

// Fills a table; rows that are there already stay. `head` and `rows` are texts, the first of a row its
// name.
export function fill(table, caption, head, rows) {
  if (!table.tHead) {
    table.append(made("caption", { class: "unseen" }), made("thead"), made("tbody"));
  }
  say(table.caption, caption);
  put(table.tHead, [head], "col");
  put(table.tBodies[0], rows, "row");
}

const shown = new WeakMap();

function put(section, rows, scope) {
  while (section.rows.length > rows.length) section.lastChild.remove();
  rows.forEach((texts, index) => {
    const key = texts.join("\t");
    const old = section.rows[index];
    if (old && shown.get(old) === key) return;
    const row = made("tr", {}, ...texts.map((text, column) =>
      scope === "col" || column === 0
        ? made("th", { scope, class: column === 0 ? "word" : null }, text)
        : made("td", {}, text)));
    shown.set(row, key);
    if (old) old.replaceWith(row);
    else section.append(row);
  });
}
