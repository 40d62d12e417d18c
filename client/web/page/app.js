// The page: which demo is shown, by the address (#demo=ID, #compare=A,B, else the newest), and whether
// what is shown is how things stand.

import { DemoList } from "./demolist.js";
import { drawCharts, drawTable } from "./demochart.js";
import { drawComparison } from "./compare.js";
import { drawWorkflow } from "./workflow.js";
import { Feed } from "./feed.js";
import { announcement, overview } from "./overview.js";
import { at, say, show, tell } from "./dom.js";
import { BadKey, Refused, get, takeKey } from "./server.js";
import { prepareStart } from "./startform.js";
import { prepareStop } from "./stopping.js";
import { repeat } from "./poll.js";

const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

let about = null;
let feeds = [];
let shown = null;
let lastAnswer = null;
// What can't be had just now, and why.
const troubles = new Map();
let listing = null;
const list = new DemoList();

// The list changes more rarely than a demo does.
const LISTING_TURNS = 3;
const [BEGINNING, LISTING] = ["what the server is for", "the list"];

takeKey();
const beginning = repeat(begin, 1, (error) => trouble(BEGINNING, error));

// Once: what the server is for; then everything else goes on by itself.
async function begin() {
  const answer = await get("about");
  beginning.stop();
  answered(BEGINNING);
  about = answer;
  say(at("api"), about.api);
  tell(at("model"), about.model);
  prepareStart(about, (demoId) => {
    go(`demo=${demoId}`);
    listing.now();
    at("main").focus();
  });
  prepareStop(() => shown[0], () => feeds.forEach((feed) => feed.refresh()));
  listing = repeat(look, LISTING_TURNS * about.everySeconds, (error) => trouble(LISTING, error));
  addEventListener("hashchange", route);
  addEventListener("visibilitychange", () => document.hidden || refresh());
  addEventListener("online", refresh);
  at("as-table").addEventListener("toggle", () => feeds[0]?.demo && drawTable(feeds[0]));
  at("compare-form").addEventListener("submit", (event) => {
    event.preventDefault();
    go(`compare=${shown[0]},${at("compare-with").value}`);
  });
  at("more").addEventListener("click", () => list.more().then(() => list.draw(shown?.[0]), (error) => trouble(LISTING, error)));
  route();
}

function refresh() {
  listing.now();
  feeds.forEach((feed) => feed.refresh());
}

function go(hash) {
  if (location.hash === `#${hash}`) route();
  else location.hash = hash;
}

async function look() {
  await list.look();
  answered(LISTING);
  if (!shown) route();
  list.draw(shown?.[0]);
  tell(at("empty"), shown ? null : "There are no demos yet. Start one.");
  return true;
}

// Shows what the address says. A key in it is taken: the page may be opened by its printed address again.
function route() {
  takeKey();
  const hash = new URLSearchParams(location.hash.slice(1));
  const compared = hash.get("compare")?.split(",");
  const one = hash.get("demo") ?? list.newest[0]?.demoId;
  const wanted = compared?.length === 2 ? compared : one ? [one] : null;
  if (!wanted || wanted.join() === shown?.join()) return;
  feeds.forEach((feed) => feed.stop());
  shown = wanted;
  show(at("demo"), false);
  show(at("comparison"), false);
  tell(at("empty"), `Asking for ${shown.join(" and ")} …`);
  at("compare-back").href = `#demo=${shown[0]}`;
  let before = null;
  troubles.clear();
  feeds = shown.map((id) => new Feed(id, about.everySeconds, (feed, what) => {
    if (!feeds.includes(feed)) return;
    answered(what);
    draw();
    if (feed === feeds[0] && feed.demo) before = announce(before, feed.demo);
  }, (what, error) => feedTrouble(id, what, error)));
  list.draw(shown[0]);
}

function draw() {
  if (feeds.some((feed) => !feed.demo)) return;
  tell(at("empty"), null);
  show(at("demo"), feeds.length === 1);
  show(at("comparison"), feeds.length === 2);
  if (feeds.length === 2) {
    document.title = `${shown.join(" · ")} compared`;
    drawComparison(...feeds);
    return;
  }
  const [feed] = feeds;
  document.title = `${feed.demo.demoId} ${feed.demo.status} · Kinesis on-demand demo`;
  overview(feed);
  drawWorkflow(about.workflow, feed);
  drawCharts(feed);
}

function announce(before, demo) {
  const text = announcement(before, demo);
  if (text) say(at("announce"), text);
  return demo;
}

function answered(what) {
  troubles.delete(what);
  if (!troubles.size) lastAnswer = new Date();
  drawConnection();
}

function feedTrouble(id, what, error) {
  if (error instanceof Refused && error.status === 404 && feeds.every((feed) => !feed.demo)) {
    tell(at("empty"), `There is no demo ${id}.`);
  } else trouble(what, error);
}

function trouble(what, error) {
  troubles.set(what, error);
  drawConnection();
}

function drawConnection() {
  const [error] = troubles.values();
  const connection = at("connection");
  connection.dataset.state = error ? "lost" : "live";
  say(connection, !error ? "Live" : error instanceof BadKey ? "No key" : "Not connected");
  const since = lastAnswer ? ` What is shown is as of ${TIME.format(lastAnswer)}.` : "";
  tell(at("trouble"), error && `${worded(error)}${since}`);
}

function worded(error) {
  if (error instanceof BadKey) return `This page may not ask: ${error.message}.`;
  if (error instanceof Refused) return `The API can't answer just now, and is asked again: ${error.message}`;
  return "The program that serves this page has ended or can't be reached. Start it again with the same --port, and this page goes on by itself.";
}
