/** The `causeway` command as a process. */
import { failOutput, openStandardOutput, takeReaderGone } from '../terminal/standard-output.ts';
import { runProgram } from './program.ts';

const args = process.argv.slice(2);
const { stderr, env } = process;
const streams = { stdin: () => process.stdin, stdout: openStandardOutput(), stderr, env };
// Whoever needs its words taken asks `deliver`.
streams.stdout.on('error', (error: Error) => {
  if (takeReaderGone(streams.stdout, error)) return;
  process.exit(failOutput(error, { ...streams, json: args.includes('--json') }));
});
// Whoever has gone hears no words either, and the verdict stands.
stderr.on('error', (error: Error) => takeReaderGone(stderr, error));
process.exitCode = (await runProgram(args, streams)) ?? process.exitCode;
