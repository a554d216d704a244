import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describeEachBackend } from '../primitives/each-backend.ts';
import { vectorFile, vectorNames, vectorText } from './generate.ts';

describeEachBackend('our frozen vectors', () => {
  for (const name of vectorNames) {
    it(`${name} has not changed`, () => {
      assert.equal(vectorText(name), readFileSync(vectorFile(name), 'utf8'));
    }).timeout(20_000);
  }
});
