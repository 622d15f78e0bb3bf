// Histograms over time as cells of a heat map: native ones, or the le series of classic ones.
import type { Labels, MatrixItem } from '../api/types';
import { sampleNumber } from '../format/number';

export interface HeatCell {
  low: number;
  high: number;
  count: number;
}

export interface HeatData {
  times: number[]; // seconds, those of columns
  columns: HeatCell[][];
  low: number; // of all cells with a count; above 0 when `log`
  high: number;
  log: boolean; // all bounds are positive: the axis is logarithmic
  largest: number; // count of a cell
  series: number; // that were added up
}

// Whether a result can be a heat map at all.
export function hasHeat(matrix: MatrixItem[]): boolean {
  return matrix.length > 0 && (matrix.some((series) => series.histograms !== undefined) ||
    (matrix.length > 2 && matrix.every((series) => series.metric.le !== undefined)));
}

type Cells = Map<string, HeatCell>;

function add(cells: Cells, low: number, high: number, count: number): void {
  if (!(count > 0) || Number.isNaN(low) || Number.isNaN(high)) return;
  const key = `${low} ${high}`;
  const cell = cells.get(key);
  if (cell === undefined) cells.set(key, { low, high, count });
  else cell.count += count;
}

function otherLabels(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).filter(([name]) => name !== 'le' && name !== '__name__').sort());
}

// Cumulative counts by upper bound become counts between two bounds.
function addClassic(columns: Cells[], matrix: MatrixItem[], columnOf: (time: number) => number): number {
  const groups = new Map<string, MatrixItem[]>();
  for (const series of matrix) {
    if (series.metric.le === undefined || series.values === undefined) continue;
    const key = otherLabels(series.metric);
    groups.set(key, [...(groups.get(key) ?? []), series]);
  }
  for (const group of groups.values()) {
    const sorted = group.map((series) => ({ le: sampleNumber(series.metric.le), values: series.values! }))
      .sort((a, b) => a.le - b.le);
    const below = new Map<number, number>();
    let low = sorted[0].le > 0 ? 0 : -Infinity;
    for (const { le, values } of sorted) {
      for (const [time, text] of values) {
        const column = columnOf(time);
        const value = sampleNumber(text);
        if (columns[column] === undefined || Number.isNaN(value)) continue;
        add(columns[column], low, le, value - (below.get(column) ?? 0));
        below.set(column, value);
      }
      low = le;
    }
  }
  return groups.size;
}

function addNative(columns: Cells[], matrix: MatrixItem[], columnOf: (time: number) => number): number {
  let series = 0;
  for (const { histograms } of matrix) {
    if (histograms === undefined) continue;
    series += 1;
    for (const [time, histogram] of histograms) {
      const cells = columns[columnOf(time)];
      if (cells === undefined) continue;
      for (const [, low, high, count] of histogram.buckets ?? []) {
        add(cells, sampleNumber(low), sampleNumber(high), sampleNumber(count));
      }
    }
  }
  return series;
}

// Open ends are drawn as wide as their neighbour; with only positive values zero is half the least bound.
function closeEnds(columns: HeatCell[][]): { low: number; high: number; log: boolean } {
  const bounds = columns.flatMap((cells) => cells.flatMap(({ low, high }) => [low, high])).filter(Number.isFinite);
  const positive = bounds.filter((bound) => bound > 0);
  const log = positive.length > 0 && bounds.every((bound) => bound >= 0);
  const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity);
  const bottom = log ? least(positive) / 2 : least(bounds);
  const top = most(bounds);
  for (const cells of columns) {
    for (const cell of cells) {
      if (log ? cell.low <= 0 : cell.low === -Infinity) cell.low = log ? bottom : bottom - Math.abs(bottom || 1);
      if (cell.high === Infinity) cell.high = log ? top * 2 : top + Math.abs(top || 1);
    }
  }
  const drawn = columns.flat();
  return { low: least(drawn.map(({ low }) => low)), high: most(drawn.map(({ high }) => high)), log };
}

export function heatData(matrix: MatrixItem[], times: number[]): HeatData {
  const step = times.length > 1 ? times[1] - times[0] : 1;
  const cells: Cells[] = times.map(() => new Map());
  const columnOf = (time: number) => Math.round((time - times[0]) / step);
  const series = addNative(cells, matrix, columnOf) + addClassic(cells, matrix, columnOf);
  const columns = cells.map((column) => [...column.values()]);
  const largest = columns.reduce((most, column) => column.reduce((m, { count }) => Math.max(m, count), most), 0);
  return { times, columns, ...closeEnds(columns), largest, series };
}

export function cellAt(heat: HeatData, column: number, value: number): HeatCell | undefined {
  return heat.columns[column]?.find(({ low, high }) => value >= low && value < high);
}

// 0 for nothing, 1 for the largest count; the square root keeps rare values visible.
export function heatShare(count: number, largest: number): number {
  return largest > 0 ? Math.sqrt(count / largest) : 0;
}
