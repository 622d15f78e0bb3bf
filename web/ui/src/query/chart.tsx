// The canvas of lines: uPlot with our colours, the nearest point, exemplars, zoom and pan.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { TimeZone } from '../format/instant';
import { stackRows, type ChartData } from './chart_data';
import type { Exemplar } from './exemplar_list';
import { lineStyle } from './palette';
import { cssColor, frameOptions, mountPlot, type Moves, onCanvas } from './plot';

// What is under the cursor: a point of a series or an exemplar; pixels inside the element.
export interface Nearest {
  series: number;
  column: number;
  exemplar?: Exemplar;
  left: number;
  top: number;
}

export interface ChartProps extends Moves {
  data: ChartData;
  hidden: ReadonlySet<number>;
  emphasis: number | null;
  stacked: boolean;
  dark: boolean;
  timeZone: TimeZone;
  height: number;
  yMin?: number | null;
  yMax?: number | null;
  fill?: number; // percent of opacity below the lines, when not stacked
  exemplars?: Exemplar[];
  numbers?: (ticks: number[]) => string[];
  binary?: boolean;
  onNearest: (nearest: Nearest | null) => void;
}

const exemplarReach = 9; // pixels

// Where an exemplar is drawn: one beyond the scale at its edge.
function exemplarAt(plot: uPlot, exemplar: Exemplar): { left: number; top: number } {
  const height = plot.over.clientHeight;
  const top = plot.valToPos(exemplar.value, 'y');
  return { left: plot.valToPos(exemplar.time, 'x'), top: Math.min(Math.max(top, 0), height) };
}

function findExemplar(plot: uPlot, exemplars: Exemplar[], left: number, top: number): Nearest | null {
  let best: Nearest | null = null;
  let distance = exemplarReach;
  for (const exemplar of exemplars) {
    const at = exemplarAt(plot, exemplar);
    const away = Math.hypot(at.left - left, at.top - top);
    if (away > distance) continue;
    distance = away;
    best = { series: -1, column: -1, exemplar, ...onCanvas(plot, at.left, at.top) };
  }
  return best;
}

// The visible series whose line passes nearest to the cursor, or the exemplar right below it.
function findNearest(plot: uPlot, exemplars: Exemplar[]): Nearest | null {
  const { left, top, idx } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || top === undefined || left < 0) return null;
  let best = findExemplar(plot, exemplars, left, top);
  if (best !== null) return best;
  let distance = Infinity;
  for (let i = 1; i < plot.series.length; i += 1) {
    const value = plot.series[i].show === false ? null : plot.data[i][idx];
    if (value === null || value === undefined) continue;
    const y = plot.valToPos(value, 'y');
    if (Math.abs(y - top) >= distance) continue;
    distance = Math.abs(y - top);
    best = { series: i - 1, column: idx, ...onCanvas(plot, plot.valToPos(plot.data[0][idx], 'x'), y) };
  }
  return best;
}

function drawExemplars(plot: uPlot, exemplars: Exemplar[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const size = 4 * ratio;
  ctx.save();
  ctx.fillStyle = cssColor('--text');
  ctx.strokeStyle = cssColor('--surface');
  ctx.lineWidth = ratio;
  for (const exemplar of exemplars) {
    const at = exemplarAt(plot, exemplar);
    if (at.left < 0 || at.left * ratio > bbox.width) continue;
    const x = bbox.left + at.left * ratio;
    const y = bbox.top + at.top * ratio;
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.closePath();
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

function lineSeries(props: ChartProps): uPlot.Series[] {
  const { data, dark, stacked, hidden, fill } = props;
  const hex = (percent: number) => Math.round(percent * 2.55).toString(16).padStart(2, '0');
  return data.rows.map((_row, i) => {
    const style = lineStyle(i, dark);
    const opacity = stacked ? 40 : fill ?? 0;
    return {
      stroke: style.color,
      dash: style.dash.length > 0 ? style.dash : undefined,
      width: 1.5,
      show: !hidden.has(i),
      fill: opacity > 0 ? style.color + hex(opacity) : undefined,
      points: { show: data.times.length < 3 || undefined, size: 4, fill: style.color },
    };
  });
}

// When stacked, the area of a series ends where that of the visible one below begins.
function stackBands(count: number, hidden: ReadonlySet<number>): uPlot.Band[] {
  const visible = Array.from({ length: count }, (_, i) => i).filter((i) => !hidden.has(i));
  return visible.slice(1).map((series, i) => ({ series: [series + 1, visible[i] + 1] }));
}

function valueRange(props: ChartProps): uPlot.Range.Function {
  const { stacked, yMin, yMax } = props;
  return (_plot, min, max) => {
    const low = yMin ?? null;
    const high = yMax ?? null;
    if (min === null || max === null || (min === 0 && max === 0)) return [low ?? 0, high ?? Math.max(1, (low ?? 0) + 1)];
    const range = uPlot.rangeNum(Math.min(stacked ? 0 : min, low ?? min), max,
      { min: { pad: 0.1, soft: 0, mode: 3 }, max: { pad: 0.1, soft: 0, mode: 3 } });
    return [low ?? range[0], high ?? range[1]];
  };
}

export function Chart(props: ChartProps) {
  const parent = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { data, dark, stacked, hidden, emphasis, timeZone, height, exemplars, yMin, yMax } = props;

  useEffect(() => {
    const { current } = latest;
    const options = frameOptions({ times: data.times, height, timeZone, numbers: current.numbers, binary: current.binary });
    options.scales.y = { range: valueRange(current) };
    const shown = exemplars ?? [];
    const mounted = mountPlot(parent.current!, {
      ...options,
      series: [{}, ...lineSeries(current)],
      bands: stacked ? stackBands(data.rows.length, hidden) : undefined,
      hooks: {
        setCursor: [(u) => latest.current.onNearest(findNearest(u, shown))],
        draw: shown.length > 0 ? [(u) => drawExemplars(u, shown)] : [],
      },
    }, [data.times, ...(stacked ? stackRows(data.rows, hidden) : data.rows)], () => latest.current);
    plot.current = mounted.plot;
    return () => {
      plot.current = null;
      mounted.remove();
    };
  }, [data, dark, stacked, hidden, timeZone, height, exemplars, yMin, yMax]);

  useEffect(() => {
    plot.current?.setSeries(emphasis === null ? null : emphasis + 1, { focus: true });
  }, [emphasis]);

  return <div class="chart-canvas" ref={parent} />;
}
