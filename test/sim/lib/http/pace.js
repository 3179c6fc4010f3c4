/*
 * Answers after as long as GitHub would have taken, and books that time as the response time of the request. What the simulator
 * itself needs on a slow machine is not booked: at a high time scale it would count as minutes.
 */

/** Calls `finish` once `milliseconds` (GitHub's) have passed since the request arrived. */
export function answerAfter(exchange, milliseconds, finish) {
  const { clock, fault } = exchange;
  const factor = fault?.name === 'slow' ? fault.factor ?? 5 : 1;
  const wait = clock.real(milliseconds) * factor;
  exchange.record.modelled_ms = milliseconds * factor;
  const left = wait - exchange.elapsed();
  exchange.secondary?.expect(wait);
  if (left <= 0.5) finish();
  else clock.wait(left, finish);
}
