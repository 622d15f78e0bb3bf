// A series' labels as PromQL would write them. UTF-8 names are quoted inside the braces.
import type { Labels } from '../api/types';

const legacyMetric = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const legacyLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function quoted(text: string): string {
  const escaped = text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
  return `"${escaped}"`;
}

// Label pairs without the metric name, sorted by name.
export function labelPairs(labels: Labels): [string, string][] {
  return Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

export function labelName(name: string): string {
  return legacyLabel.test(name) ? name : quoted(name);
}

export function seriesName(labels: Labels): string {
  const metric = labels.__name__ ?? '';
  const plain = legacyMetric.test(metric);
  const parts = labelPairs(labels).map(([name, value]) => `${labelName(name)}=${quoted(value)}`);
  if (metric !== '' && !plain) parts.unshift(quoted(metric));
  const head = plain ? metric : '';
  return parts.length > 0 || head === '' ? `${head}{${parts.join(', ')}}` : head;
}
