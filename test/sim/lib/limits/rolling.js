/*
 * A sum over the last so many of GitHub's milliseconds, and the greatest it has been.
 */
export class Rolling {
  constructor(clock, milliseconds) {
    this.clock = clock;
    this.span = clock.real(milliseconds);
    this.entries = [];
    this.head = 0;
    this.total = 0;
    this.max = 0;
  }

  add(value) {
    this.entries.push({ at: this.clock.now(), value });
    this.total += value;
    this.max = Math.max(this.max, this.sum());
  }

  forgetMax() {
    this.max = this.sum();
  }

  sum() {
    const oldest = this.clock.now() - this.span;
    while (this.head < this.entries.length && this.entries[this.head].at <= oldest) this.total -= this.entries[this.head++].value;
    if (this.head > 1000) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    if (this.head === this.entries.length) this.total = 0;
    return this.total;
  }
}
