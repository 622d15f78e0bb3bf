import assert from 'node:assert/strict';
import test from 'node:test';
import { labelChanges, ruleText } from '../src/targets/relabel_steps';

test('a relabelling step is told by what it changed', () => {
  assert.deepEqual(labelChanges({ a: '1', b: '2', c: '3' }, { a: '1', b: 'x', d: '4' }), [
    { name: 'b', before: '2', after: 'x' }, { name: 'c', before: '3', after: undefined }, { name: 'd', before: undefined, after: '4' },
  ]);
});

test('a rule is told without its defaults', () => {
  assert.equal(ruleText({ action: 'drop', source_labels: ['a', 'b'], separator: ';', regex: 'x;y' }), 'action: drop · source_labels: [a, b] · regex: x;y');
  assert.equal(ruleText({ target_label: 't', replacement: '$1', regex: '(.*)', modulus: 8 }), 'action: replace · modulus: 8 · target_label: t');
});
