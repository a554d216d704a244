/**
 * Random schedules of groups, each from a seed of its own: `main.ts FIRST END PREFIX`. One line for each that does
 * not hold, with what is needed to see it again; the last line is the sum.
 */
import { runSchedule, type ScheduleReport } from './schedule.ts';

const [first = '0', end = '10', prefix = 'torture'] = process.argv.slice(2);
const sum = { schedules: 0, operations: 0, sent: 0, epochs: 0, crashes: 0, failed: 0 };

function add({ operations, sent, epochs, crashes }: ScheduleReport): void {
  sum.operations += operations;
  sum.sent += sent;
  sum.epochs += epochs;
  sum.crashes += crashes;
}

for (let i = Number(first); i < Number(end); i++) {
  const seed = `${prefix}-${i}`;
  sum.schedules++;
  try {
    add(await runSchedule(seed));
  } catch (error) {
    sum.failed++;
    const { message, cause } = error as Error;
    console.log(`${message}\n${cause instanceof Error ? cause.stack : ''}`);
  }
  if (sum.schedules % 10 === 0) console.error(JSON.stringify(sum));
}
console.log(JSON.stringify(sum));
process.exitCode = sum.failed === 0 ? 0 : 1;
