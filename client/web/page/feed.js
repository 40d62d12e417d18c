// One demo as it stands and its numbers by the second, kept up to date for whoever draws them.

import { epoch } from "./format.js";
import { Refused, get } from "./server.js";
import { repeat } from "./poll.js";
import { Series } from "./series.js";

// What an API deployed before there was such a thing doesn't tell.
const LACKING = { cost: { estimate: null, actual: null }, transitions: [], thresholds: [] };

export class Feed {
  demo = null;
  series = new Series();
  // Why there are no numbers by the second, if so.
  lacking = null;

  constructor(demoId, everySeconds, onChange, onTrouble) {
    this.demoId = demoId;
    this.onChange = onChange;
    this.polls = [
      repeat(() => this.#look(), everySeconds, (error) => onTrouble(`${demoId} as it stands`, error)),
      repeat(() => this.#count(), everySeconds, (error) => onTrouble(`${demoId} by the second`, error)),
    ];
  }

  get origin() {
    return epoch(this.demo.startDate);
  }

  // Seconds from the demo's start to its end, or to now.
  get seconds() {
    return (epoch(this.demo.stopDate) ?? Date.now() / 1000) - this.origin;
  }

  refresh() {
    for (const poll of this.polls) poll.now();
  }

  stop() {
    for (const poll of this.polls) poll.stop();
  }

  async #look() {
    this.demo = { ...LACKING, ...(await get(`demos/${this.demoId}`)) };
    this.onChange(this, `${this.demoId} as it stands`);
    return this.demo.status === "RUNNING";
  }

  async #count() {
    let complete = false;
    try {
      const since = this.series.period ? this.series.end : null;
      const answer = await get(`demos/${this.demoId}/metrics`, { since });
      this.lacking = null;
      this.series.add(answer);
      complete = answer.complete;
    } catch (error) {
      // An API deployed before there was this route still tells everything else.
      if (!(error instanceof Refused) || error.passing) throw error;
      this.lacking = error.message;
    }
    this.onChange(this, `${this.demoId} by the second`);
    return !complete && !this.lacking;
  }
}
