// The canvas: uPlot with our colours, a marker on the nearest point, zoom by dragging.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { TimeZone } from '../format/instant';
import { axisNumbers } from '../format/number';
import { stackRows, type ChartData } from './chart_data';
import { lineStyle } from './palette';

export interface Nearest {
  series: number;
  column: number;
  left: number; // pixels inside the plot
  top: number;
}

interface Props {
  data: ChartData;
  hidden: ReadonlySet<number>;
  emphasis: number | null;
  stacked: boolean;
  dark: boolean;
  timeZone: TimeZone;
  height: number;
  onZoom: (startMs: number, endMs: number) => void;
  onNearest: (nearest: Nearest | null) => void;
}

const axisFormats = (() => {
  const day = '{YYYY}-{MM}-{DD}';
  // [least distance of ticks, text, then how it changes when the year, day or minute does]
  return [
    [3600 * 24 * 365, '{YYYY}', null, null, null, null, null, null, 1],
    [3600 * 24 * 28, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
    [3600 * 24, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
    [60, '{HH}:{mm}', `\n${day}`, null, `\n${day}`, null, null, null, 1],
    [1, '{HH}:{mm}:{ss}', `\n${day}`, null, `\n${day}`, null, null, null, 1],
    [0.001, '{HH}:{mm}:{ss}.{fff}', `\n${day}`, null, `\n${day}`, null, null, null, 1],
  ] as uPlot.Axis.Values;
})();

function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// The visible series whose line passes nearest to the cursor.
function findNearest(plot: uPlot): Nearest | null {
  const { left, top, idx } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || top === undefined || left < 0) return null;
  let best: Nearest | null = null;
  let distance = Infinity;
  for (let i = 1; i < plot.series.length; i += 1) {
    const value = plot.series[i].show === false ? null : plot.data[i][idx];
    if (value === null || value === undefined) continue;
    const y = plot.valToPos(value, 'y');
    if (Math.abs(y - top) >= distance) continue;
    distance = Math.abs(y - top);
    best = { series: i - 1, column: idx, left: plot.valToPos(plot.data[0][idx], 'x'), top: y };
  }
  return best;
}

function makeOptions(props: Props, width: number): uPlot.Options {
  const { data, dark, stacked, hidden, timeZone } = props;
  const axis = {
    stroke: cssColor('--muted'),
    grid: { stroke: cssColor('--grid'), width: 1 },
    ticks: { stroke: cssColor('--grid'), width: 1, size: 6 },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height: props.height,
    tzDate: (seconds) => (timeZone === 'utc'
      ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000)),
    legend: { show: false },
    padding: [12, 20, 0, 0],
    cursor: {
      points: { show: false },
      focus: { prox: -1 },
      drag: { x: true, y: false, setScale: false, dist: 8 },
      x: true,
      y: false,
    },
    focus: { alpha: 0.2 },
    scales: {
      x: { time: true, range: [data.times[0], data.times[data.times.length - 1]] },
      y: {
        range: (_plot, min, max) => (min === null || max === null || (min === 0 && max === 0)
          ? [0, 1]
          : uPlot.rangeNum(stacked ? Math.min(0, min) : min, max,
            { min: { pad: 0.1, soft: 0, mode: 3 }, max: { pad: 0.1, soft: 0, mode: 3 } })),
      },
    },
    axes: [
      { ...axis, space: 76, size: 44, values: axisFormats },
      { ...axis, size: 62, values: (_plot, splits) => axisNumbers(splits) },
    ],
    series: [
      {},
      ...data.rows.map((_row, i): uPlot.Series => {
        const style = lineStyle(i, dark);
        return {
          stroke: style.color,
          dash: style.dash.length > 0 ? style.dash : undefined,
          width: 1.5,
          show: !hidden.has(i),
          fill: stacked ? `${style.color}66` : undefined,
          points: { show: data.times.length < 3 || undefined, size: 4, fill: style.color },
        };
      }),
    ],
  };
}

// When stacked, the area of a series ends where that of the visible one below begins.
function stackBands(count: number, hidden: ReadonlySet<number>): uPlot.Band[] {
  const visible = Array.from({ length: count }, (_, i) => i).filter((i) => !hidden.has(i));
  return visible.slice(1).map((series, i) => ({ series: [series + 1, visible[i] + 1] }));
}

export function Chart(props: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { data, dark, stacked, hidden, emphasis, timeZone, height } = props;

  useEffect(() => {
    const element = parent.current!;
    const options = makeOptions(latest.current, element.clientWidth);
    if (stacked) options.bands = stackBands(data.rows.length, hidden);
    options.hooks = {
      setCursor: [(u) => latest.current.onNearest(findNearest(u))],
      setSelect: [
        (u) => {
          if (u.select.width < 8) return;
          const start = u.posToVal(u.select.left, 'x');
          const end = u.posToVal(u.select.left + u.select.width, 'x');
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.onZoom(start * 1000, end * 1000);
        },
      ],
    };
    const rows = stacked ? stackRows(data.rows, hidden) : data.rows;
    plot.current = new uPlot(options, [data.times, ...rows], element);
    const resized = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0 && plot.current !== null && plot.current.width !== width) {
        plot.current.setSize({ width, height });
      }
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [data, dark, stacked, hidden, timeZone, height]);

  useEffect(() => {
    plot.current?.setSeries(emphasis === null ? null : emphasis + 1, { focus: true });
  }, [emphasis]);

  return <div class="chart-canvas" ref={parent} />;
}
