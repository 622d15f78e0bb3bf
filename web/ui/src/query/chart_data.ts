// A matrix on the regular grid of its query: one row of values per series, null where none is.
import type { Labels, MatrixItem } from '../api/types';
import { sampleNumber } from '../format/number';

export type Row = (number | null)[];

export interface ChartData {
  times: number[]; // seconds
  rows: Row[];
  labels: Labels[];
  histograms: number; // series left out because they hold only native histograms
}

export function gridTimes(startMs: number, endMs: number, stepMs: number): number[] {
  const count = Math.floor((endMs - startMs) / stepMs) + 1;
  return Array.from({ length: count }, (_, i) => (startMs + i * stepMs) / 1000);
}

export function chartData(matrix: MatrixItem[], startMs: number, endMs: number, stepMs: number): ChartData {
  const times = gridTimes(startMs, endMs, stepMs);
  const count = times.length;
  const start = startMs / 1000;
  const step = stepMs / 1000;
  const data: ChartData = { times, rows: [], labels: [], histograms: 0 };
  for (const series of matrix) {
    if (series.values === undefined || series.values.length === 0) {
      data.histograms += 1;
      continue;
    }
    const row: Row = new Array<number | null>(count).fill(null);
    for (const [time, text] of series.values) {
      const column = Math.round((time - start) / step);
      const value = sampleNumber(text);
      if (column >= 0 && column < count && Number.isFinite(value)) row[column] = value;
    }
    data.rows.push(row);
    data.labels.push(series.metric);
  }
  return data;
}

// Each row on top of the visible ones before it; gaps add nothing.
export function stackRows(rows: Row[], hidden: ReadonlySet<number>): Row[] {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  return rows.map((row, i) =>
    hidden.has(i) ? row : row.map((value, t) => (value === null ? null : (sums[t] += value))),
  );
}
