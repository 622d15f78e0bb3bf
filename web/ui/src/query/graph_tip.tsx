// What is told beside the cursor of a graph.
import type { ComponentChildren } from 'preact';
import { useSettings } from '../base/settings';
import { formatInstant } from '../format/instant';
import { SeriesLabel } from '../parts/series_label';
import type { Nearest } from './chart';
import type { ChartData } from './chart_data';
import type { HeatPoint } from './heat_chart';
import { Swatch } from './legend';

interface TipProps {
  left: number;
  top: number;
  seconds: number;
  width: number; // of the plot: the tip is on the side with more room
  children: ComponentChildren;
}

function Tip({ left, top, seconds, width, children }: TipProps) {
  const { timeZone } = useSettings();
  return (
    <div class="chart-overlay">
      <span class="chart-dot" style={{ left: `${left}px`, top: `${top}px` }} />
      <div class={`chart-tip ${left > width / 2 ? 'on-left' : 'on-right'}`}
        style={{ left: `${left}px`, top: `${top}px` }}>
        <div class="chart-tip-time">{formatInstant(seconds * 1000, timeZone)}</div>
        {children}
      </div>
    </div>
  );
}

interface LineTipProps {
  nearest: Nearest;
  data: ChartData;
  dark: boolean;
  width: number;
  show?: (value: number) => string;
  names?: string[]; // instead of the labels
}

export function LineTip({ nearest, data, dark, width, show = String, names }: LineTipProps) {
  const { series, column, exemplar, left, top } = nearest;
  if (exemplar !== undefined) {
    return (
      <Tip left={left} top={top} seconds={exemplar.time} width={width}>
        <div class="chart-tip-value">◆ <b>{show(exemplar.value)}</b> <span class="muted">exemplar</span></div>
        <p><SeriesLabel labels={exemplar.labels} /></p>
        <p class="muted">of <SeriesLabel labels={exemplar.series} /></p>
      </Tip>
    );
  }
  const value = data.rows[series]?.[column];
  if (value === null || value === undefined) return null;
  return (
    <Tip left={left} top={top} seconds={data.times[column]} width={width}>
      <div class="chart-tip-value">
        <Swatch index={series} dark={dark} />
        <b>{show(value)}</b>
      </div>
      {names === undefined ? <SeriesLabel labels={data.labels[series]} /> : <span>{names[series]}</span>}
    </Tip>
  );
}

export function HeatTip({ point, times, width }: { point: HeatPoint; times: number[]; width: number }) {
  const { cell, column, left, top } = point;
  return (
    <Tip left={left} top={top} seconds={times[column]} width={width}>
      <div class="chart-tip-value"><b>{String(Number(cell.count.toPrecision(6)))}</b></div>
      <p class="muted">between {Number(cell.low.toPrecision(5))} and {Number(cell.high.toPrecision(5))}</p>
    </Tip>
  );
}
