import { runSchedule } from '../schedules/schedule.ts';

/** A fixed selection; `npm run torture` runs a thousand others. */
const seeds = 5;

describe('random schedules of a group', function () {
  this.timeout(180_000);
  for (let i = 0; i < seeds; i++)
    it(`schedule ${i} ends with one log and the same messages for all`, async () => {
      await runSchedule(`fixed-${i}`);
    });
});
