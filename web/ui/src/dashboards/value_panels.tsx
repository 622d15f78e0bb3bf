// Panels of single values: stat, gauge, bars.
import { useMemo } from 'preact/hooks';
import type { Panel, Threshold } from './model';
import { colorOf, unitText } from './units';
import type { PanelState } from './use_panel';
import { itemsOf, legendName, numbersOf, reduce, thresholdColor } from './values';

interface Value {
  name: string;
  value: number;
  numbers: number[];
}

const shownLimit = 60;

function valuesOf(panel: Panel, state: PanelState): Value[] {
  return (state.answers ?? []).flatMap(({ query, data }) => itemsOf(data).map((item) => {
    const numbers = numbersOf(item);
    return { name: legendName(query.legend, item.metric), value: reduce(numbers, panel.calc), numbers };
  })).slice(0, shownLimit);
}

function colorFor(panel: Panel, value: number): string {
  const color = thresholdColor(panel.thresholds, value);
  return color === '' || !panel.colored ? 'var(--text)' : colorOf(color);
}

// A line without axes: how the value came about.
function Sparkline({ numbers, color }: { numbers: number[]; color: string }) {
  const known = numbers.filter(Number.isFinite);
  if (known.length < 2) return null;
  const low = known.reduce((a, b) => Math.min(a, b));
  const high = known.reduce((a, b) => Math.max(a, b));
  const points = numbers.map((value, i) => (Number.isFinite(value)
    ? `${((i / (numbers.length - 1)) * 100).toFixed(2)},${(38 - ((value - low) / (high - low || 1)) * 34).toFixed(2)}` : ''))
    .filter((point) => point !== '').join(' ');
  return (
    <svg class="sparkline" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`0,40 ${points} 100,40`} style={{ fill: color }} />
      <polyline points={points} style={{ stroke: color }} />
    </svg>
  );
}

export function StatPanel({ panel, state }: { panel: Panel; state: PanelState }) {
  const values = useMemo(() => valuesOf(panel, state), [state.answers]);
  const show = unitText(panel.unit, panel.decimals);
  return (
    <div class="stats">
      {values.map(({ name, value, numbers }, i) => {
        const color = colorFor(panel, value);
        return (
          <div key={i} class="stat">
            {panel.sparkline && <Sparkline numbers={numbers} color={color} />}
            {values.length > 1 && <span class="stat-name" title={name}>{name}</span>}
            <span class="stat-value" style={{ color }}>{show(value)}</span>
          </div>
        );
      })}
    </div>
  );
}

function limits(panel: Panel, values: Value[]): [number, number] {
  const percent = panel.unit === 'percent' ? 100 : panel.unit === 'percentunit' ? 1 : null;
  const largest = values.reduce((most, { value }) => (Number.isFinite(value) ? Math.max(most, value) : most), 0);
  const low = panel.min ?? 0;
  const high = panel.max ?? percent ?? (largest || 1);
  return high > low ? [low, high] : [low, low + 1];
}

function arc(from: number, to: number, radius: number): string {
  const at = (share: number) => {
    const angle = Math.PI * (1.2 * share + 0.9); // from lower left over the top to lower right
    return `${(50 + radius * Math.cos(angle)).toFixed(2)} ${(50 + radius * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${at(from)}A${radius} ${radius} 0 ${(to - from) * 1.2 > 1 ? 1 : 0} 1 ${at(to)}`;
}

function ThresholdRing({ thresholds, low, high }: { thresholds: Threshold[]; low: number; high: number }) {
  const share = (value: number) => Math.min(Math.max((value - low) / (high - low), 0), 1);
  return (
    <>
      {thresholds.map(({ from, color }, i) => {
        const [begin, end] = [share(from), share(thresholds[i + 1]?.from ?? Infinity)];
        return end > begin && <path key={i} d={arc(begin, end, 46)} style={{ stroke: colorOf(color) }} class="gauge-limits" />;
      })}
    </>
  );
}

export function GaugePanel({ panel, state }: { panel: Panel; state: PanelState }) {
  const values = useMemo(() => valuesOf(panel, state), [state.answers]);
  const show = unitText(panel.unit, panel.decimals);
  const [low, high] = limits(panel, values);
  return (
    <div class="stats">
      {values.map(({ name, value }, i) => {
        const share = Number.isFinite(value) ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
        const color = colorFor(panel, value);
        return (
          <div key={i} class="gauge" role="meter" aria-label={name} aria-valuenow={Number.isFinite(value) ? value : undefined}
            aria-valuemin={low} aria-valuemax={high} aria-valuetext={show(value)}>
            <svg viewBox="0 0 100 72" aria-hidden="true">
              <path d={arc(0, 1, 39)} class="gauge-back" />
              {share > 0 && <path d={arc(0, share, 39)} class="gauge-value" style={{ stroke: color }} />}
              <ThresholdRing thresholds={panel.thresholds} low={low} high={high} />
              <text x="50" y="54" style={{ fill: color }}>{show(value)}</text>
            </svg>
            {values.length > 1 && <span class="stat-name" title={name}>{name}</span>}
          </div>
        );
      })}
    </div>
  );
}

export function BarPanel({ panel, state }: { panel: Panel; state: PanelState }) {
  const values = useMemo(() => valuesOf(panel, state), [state.answers]);
  const show = unitText(panel.unit, panel.decimals);
  const [low, high] = limits(panel, values);
  return (
    <ul class="bars">
      {values.map(({ name, value }, i) => {
        const color = thresholdColor(panel.thresholds, value);
        const share = Number.isFinite(value) ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
        return (
          <li key={i}>
            <span class="bar-name" title={name}>{name}</span>
            <span class="bar-track">
              <span class="bar-fill" style={{ width: `${100 * share}%`, background: color === '' ? 'var(--accent)' : colorOf(color) }} />
            </span>
            <span class="bar-value">{show(value)}</span>
          </li>
        );
      })}
    </ul>
  );
}
