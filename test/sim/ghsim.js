#!/usr/bin/env node
/*
 * ghsim: a stand-in for the GitHub API. Prints one line of JSON on standard output when it is ready; everything else goes to
 * standard error. Ends on SIGTERM, SIGINT, POST /_sim/stop and, with --exit-with-parent, when standard input closes.
 */
import { helpText, readOptions } from './lib/options.js';

const words = process.argv.slice(2);
if (words.includes('--help')) {
  process.stdout.write(helpText());
  process.exit(0);
}

let options;
try {
  options = readOptions(words);
} catch (error) {
  process.stderr.write(`ghsim: ${error.message}; see --help\n`);
  process.exit(2);
}

const { Simulator } = await import('./lib/simulator.js');
let simulator;
try {
  simulator = new Simulator(options);
  const ready = await simulator.start();
  process.stdout.write(`${JSON.stringify(ready)}\n`);
} catch (error) {
  process.stderr.write(`ghsim: ${error.message}\n`);
  process.exit(1);
}

const leave = () => {
  simulator.stop().finally(() => process.exit(0));
  simulator.clock.wait(500, () => process.exit(0));
};
simulator.onStop = leave;
process.on('SIGTERM', leave);
process.on('SIGINT', leave);
if (options.exitWithParent) {
  process.stdin.on('end', leave);
  process.stdin.on('close', leave);
  process.stdin.resume();
}
