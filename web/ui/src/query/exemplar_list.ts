// Exemplars as a graph draws them, and how many of them.
import type { Labels } from '../api/types';

export interface Exemplar {
  time: number; // seconds
  value: number;
  labels: Labels;
  series: Labels;
}

const drawnLimit = 2000;

// One per pixel or so is all that can be told apart: of those near each other the largest stays.
export function thinned(all: Exemplar[], startMs: number, endMs: number): Exemplar[] {
  if (all.length <= drawnLimit) return all;
  const kept = new Map<string, Exemplar>();
  const width = Math.max(1, endMs - startMs) / 1000 / (drawnLimit / 4);
  for (const one of all) {
    const key = `${Math.floor(one.time / width)} ${one.value > 0 ? Math.floor(Math.log2(one.value)) : 0}`;
    const other = kept.get(key);
    if (other === undefined || other.value < one.value) kept.set(key, one);
  }
  return [...kept.values()].slice(0, drawnLimit);
}
