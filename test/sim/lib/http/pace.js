/*
 * Answers after as long as GitHub would have taken, and books that time as the response time of the request.
 */

/** Calls `finish` once `milliseconds` (GitHub's) have passed since the request arrived. */
export function answerAfter(exchange, milliseconds, finish) {
  const { clock, fault } = exchange;
  const factor = fault?.name === 'slow' ? fault.factor ?? 5 : 1;
  const wait = clock.real(milliseconds) * factor;
  const computed = exchange.elapsed();
  const done = () => {
    exchange.serviceMs = Math.max(wait, computed);
    finish();
  };
  if (wait - computed <= 0.5) done();
  else clock.wait(wait - computed, done);
}
