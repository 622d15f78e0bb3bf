// The canvas of a heat map: a cell per bucket and step, darker (on dark pages brighter) where more is.
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { TimeZone } from '../format/instant';
import { siNumber } from '../format/number';
import { cellAt, type HeatCell, type HeatData, heatShare } from './heat_data';
import { frameOptions, mountPlot, type Moves, onCanvas } from './plot';

export interface HeatPoint {
  column: number;
  cell: HeatCell;
  left: number;
  top: number;
}

interface Props extends Moves {
  heat: HeatData;
  dark: boolean;
  timeZone: TimeZone;
  height: number;
  onPoint: (point: HeatPoint | null) => void;
}

// One hue, brightness alone tells how much: readable with any colour vision.
const scales = {
  light: [[254, 240, 229], [253, 190, 133], [230, 97, 1], [140, 45, 4], [70, 20, 0]],
  dark: [[44, 30, 24], [122, 52, 14], [216, 94, 22], [255, 166, 92], [255, 240, 220]],
};
const shades = 64;

function shadeTable(dark: boolean): string[] {
  const stops = dark ? scales.dark : scales.light;
  return Array.from({ length: shades + 1 }, (_, i) => {
    const at = (i / shades) * (stops.length - 1);
    const first = Math.min(Math.floor(at), stops.length - 2);
    const [a, b, part] = [stops[first], stops[first + 1], at - first];
    return `rgb(${a.map((value, channel) => Math.round(value + (b[channel] - value) * part)).join(' ')})`;
  });
}

export function HeatScale({ dark, largest }: { dark: boolean; largest: number }) {
  const table = shadeTable(dark);
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => table[Math.round(share * shades)]);
  return (
    <p class="heat-scale">
      <span>0</span>
      <span class="heat-bar" style={{ background: `linear-gradient(90deg, ${stops.join(', ')})` }} />
      <span>{siNumber(largest)} per bucket</span>
    </p>
  );
}

function drawCells(plot: uPlot, heat: HeatData, table: string[]): void {
  const { ctx, bbox } = plot;
  const step = heat.times.length > 1 ? heat.times[1] - heat.times[0] : 1;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  heat.columns.forEach((cells, column) => {
    const time = heat.times[column];
    const left = Math.floor(plot.valToPos(time - step / 2, 'x', true));
    const right = Math.ceil(plot.valToPos(time + step / 2, 'x', true));
    for (const { low, high, count } of cells) {
      const top = Math.round(plot.valToPos(high, 'y', true));
      const bottom = Math.round(plot.valToPos(low, 'y', true));
      ctx.fillStyle = table[Math.round(heatShare(count, heat.largest) * shades)];
      ctx.fillRect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
    }
  });
  ctx.restore();
}

function findCell(plot: uPlot, heat: HeatData): HeatPoint | null {
  const { left, top, idx } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || top === undefined || left < 0) return null;
  const cell = cellAt(heat, idx, plot.posToVal(top, 'y'));
  return cell === undefined ? null : { column: idx, cell, ...onCanvas(plot, plot.valToPos(heat.times[idx], 'x'), top) };
}

export function HeatChart(props: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { heat, dark, timeZone, height } = props;
  useEffect(() => {
    const table = shadeTable(dark);
    const options = frameOptions({
      times: heat.times, height, timeZone, numbers: (ticks) => ticks.map((tick) => siNumber(tick, 3)),
    });
    const scale = { range: [heat.low, heat.high] as [number, number] };
    options.scales.y = heat.log ? { ...scale, distr: 3 } : scale;
    return mountPlot(parent.current!, {
      ...options,
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: {
        drawAxes: [(plot) => drawCells(plot, heat, table)],
        setCursor: [(plot) => latest.current.onPoint(findCell(plot, heat))],
      },
    }, [heat.times, heat.times.map(() => heat.high)], () => latest.current).remove;
  }, [heat, dark, timeZone, height]);
  return <div class="chart-canvas" ref={parent} />;
}
