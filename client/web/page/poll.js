// Asks again and again, once at a time, and goes on whatever happens in between.

const ENDED_SECONDS = 10;
const RETRY_SECONDS = 1;

// `ask` returns whether what it asked about may still change soon. The poller can be stopped, and
// told not to wait any longer.
export function repeat(ask, everySeconds, onTrouble) {
  let timer = 0;
  let stopped = false;
  let busy = false;

  async function turn() {
    if (stopped || busy) return;
    clearTimeout(timer);
    busy = true;
    let wait = RETRY_SECONDS;
    try {
      const changing = await ask();
      wait = changing ? everySeconds : Math.max(everySeconds, ENDED_SECONDS);
    } catch (error) {
      if (!stopped) onTrouble(error);
    }
    busy = false;
    if (!stopped) timer = setTimeout(turn, wait * 1000);
  }

  turn();
  return {
    now: turn,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
