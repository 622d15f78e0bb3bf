// Labels that every series of a result has with the same value, apart from what is each one's own.
import type { Labels } from '../api/types';

export function splitShared(all: Labels[]): { shared: Labels; own: Labels[] } {
  if (all.length < 2) return { shared: {}, own: all };
  const shared = Object.fromEntries(
    Object.entries(all[0]).filter(([name, value]) => all.every((labels) => labels[name] === value)),
  );
  const own = all.map((labels) =>
    Object.fromEntries(Object.entries(labels).filter(([name]) => !Object.hasOwn(shared, name))));
  return { shared, own };
}
