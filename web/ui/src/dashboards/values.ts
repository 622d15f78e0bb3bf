// What panels show of answers: names of series, one value of many, rows of a table.
import type { Labels, MatrixItem, QueryData, VectorItem } from '../api/types';
import { sampleNumber } from '../format/number';
import { seriesName } from '../format/series_name';
import type { Calc, Threshold } from './model';

export function legendName(format: string, labels: Labels): string {
  if (format === '') return seriesName(labels);
  return format.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (_all, name: string) => labels[name] ?? '');
}

export function reduce(values: number[], calc: Calc): number {
  const known = values.filter((value) => !Number.isNaN(value));
  if (calc === 'count') return known.length;
  if (known.length === 0) return NaN;
  switch (calc) {
    case 'first': return known[0];
    case 'mean': return known.reduce((a, b) => a + b, 0) / known.length;
    case 'min': return known.reduce((a, b) => Math.min(a, b));
    case 'max': return known.reduce((a, b) => Math.max(a, b));
    case 'sum': return known.reduce((a, b) => a + b, 0);
    default: return known[known.length - 1];
  }
}

export function itemsOf(data: QueryData): (VectorItem & MatrixItem)[] {
  if (data.resultType === 'scalar') return [{ metric: {}, value: data.result }];
  return data.resultType === 'string' ? [] : data.result;
}

export function numbersOf(item: VectorItem & MatrixItem): number[] {
  if (item.values !== undefined) return item.values.map(([, text]) => sampleNumber(text));
  return item.value !== undefined ? [sampleNumber(item.value[1])] : [];
}

export function thresholdColor(thresholds: Threshold[], value: number): string {
  return [...thresholds].reverse().find(({ from }) => value >= from)?.color ?? '';
}

export interface Grid {
  labels: string[];
  columns: string[]; // names of the queries
  rows: { labels: Labels; values: (number | null)[] }[];
}

// Answers side by side: one row per set of labels, one column per query.
export function joined(answers: { name: string; data: QueryData }[], calc: Calc): Grid {
  const rows = new Map<string, { labels: Labels; values: (number | null)[] }>();
  answers.forEach(({ data }, column) => {
    for (const item of itemsOf(data)) {
      const { __name__: _name, ...labels } = item.metric;
      const key = JSON.stringify(Object.entries(labels).sort());
      let row = rows.get(key);
      if (row === undefined) rows.set(key, (row = { labels, values: answers.map(() => null) }));
      row.values[column] = reduce(numbersOf(item), calc);
    }
  });
  const list = [...rows.values()];
  return {
    labels: [...new Set(list.flatMap(({ labels }) => Object.keys(labels)))].sort(),
    columns: answers.map(({ name }) => name),
    rows: list,
  };
}
