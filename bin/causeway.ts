/** The `causeway` command as a process. */
import { exitCodes } from '../terminal/exit-codes.ts';
import { runProgram } from './program.ts';

const { stdout, stderr, env, argv } = process;
// A reader that goes away (`| head`) is no failure; whoever needs its words taken asks `deliver`.
stdout.on('error', () => process.exit(exitCodes.ok));
process.exitCode = (await runProgram(argv.slice(2), { stdout, stderr, env })) ?? process.exitCode;
