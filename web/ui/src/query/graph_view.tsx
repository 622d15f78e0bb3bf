// The graph of a range query: canvas, what is under the cursor, legend.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useSettings } from '../base/settings';
import { useDark } from '../base/theme';
import { formatInstant } from '../format/instant';
import { counted } from '../format/number';
import { Empty, Notices } from '../parts/states';
import { SeriesLabel } from '../parts/series_label';
import { Chart, type Nearest } from './chart';
import { chartData, type ChartData } from './chart_data';
import { Legend, Swatch } from './legend';
import type { PanelState } from './panel_state';
import type { QueryAnswer } from './use_query';

interface Props {
  answer: QueryAnswer;
  panel: PanelState;
  onChange: (change: Partial<PanelState>) => void;
}

const drawnLimit = 500;
const emphasisLimit = 80; // above it, dimming all others on every hover would stutter
const noneHidden: ReadonlySet<number> = new Set();

function usePhone(): boolean {
  const query = useMemo(() => window.matchMedia('(max-width: 640px)'), []);
  const [phone, setPhone] = useState(query.matches);
  useEffect(() => {
    const update = () => setPhone(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, [query]);
  return phone;
}

interface TooltipProps {
  nearest: Nearest;
  data: ChartData;
  dark: boolean;
}

function Tooltip({ nearest, data, dark }: TooltipProps) {
  const { timeZone } = useSettings();
  const { series, column, left, top } = nearest;
  const value = data.rows[series]?.[column];
  if (value === null || value === undefined) return null;
  const right = left > window.innerWidth / 2;
  return (
    <div class={`chart-tip ${right ? 'on-left' : 'on-right'}`} style={{ left: `${left}px`, top: `${top}px` }}>
      <div class="chart-tip-time">{formatInstant(data.times[column] * 1000, timeZone)}</div>
      <div class="chart-tip-value">
        <Swatch index={series} dark={dark} />
        <b>{String(value)}</b>
      </div>
      <SeriesLabel labels={data.labels[series]} />
    </div>
  );
}

export function GraphView({ answer, panel, onChange }: Props) {
  const dark = useDark();
  const { timeZone } = useSettings();
  const [all, setAll] = useState(false);
  const [hidden, setHidden] = useState(noneHidden);
  const [emphasis, setEmphasis] = useState<number | null>(null);
  const [nearest, setNearest] = useState<Nearest | null>(null);
  const height = usePhone() ? 260 : 380;

  const matrix = answer.data.resultType === 'matrix' ? answer.data.result : [];
  const cut = !all && matrix.length > drawnLimit;
  const data = useMemo(
    () => chartData(cut ? matrix.slice(0, drawnLimit) : matrix, answer.startMs, answer.endMs, answer.stepMs),
    [answer, cut],
  );
  // Other series: what was hidden by position means nothing any more.
  const names = useMemo(() => JSON.stringify(data.labels), [data]);
  useEffect(() => setHidden(noneHidden), [names]);
  useEffect(() => setNearest(null), [data]);

  if (matrix.length === 0) {
    return (
      <Empty title="No data in this range">
        <p>The query is fine but matched no series between{' '}
          {formatInstant(answer.startMs, timeZone)} and {formatInstant(answer.endMs, timeZone)}.
          Try a longer range, or look for the metric's name in the explorer.</p>
      </Empty>
    );
  }
  const notes = [];
  if (cut) notes.push(`The first ${drawnLimit} of ${counted(matrix.length, 'series', 'series')} are drawn.`);
  if (data.histograms > 0) {
    notes.push(`${counted(data.histograms, 'series', 'series')} of native histograms cannot be drawn as ` +
      'lines; try histogram_quantile(0.9, …) or histogram_count(…).');
  }
  return (
    <div class="graph">
      <Notices warnings={[]} infos={notes} />
      {cut && (
        <button type="button" class="button" onClick={() => setAll(true)}>Draw all</button>
      )}
      <div class="chart" style={{ height: `${height}px` }} role="img"
        aria-label={`Graph of ${answer.expr}, ${counted(data.rows.length, 'series', 'series')}`}
        onMouseLeave={() => setNearest(null)}>
        <Chart data={data} hidden={hidden} stacked={panel.stacked} dark={dark} timeZone={timeZone}
          height={height} emphasis={data.rows.length <= emphasisLimit ? emphasis : null}
          onNearest={setNearest}
          onZoom={(start, end) => onChange({
            rangeMs: Math.max(1000, Math.round((end - start) / 1000) * 1000),
            endMs: Math.round(end / 1000) * 1000,
          })} />
        {nearest !== null && (
          <div class="chart-overlay">
            <span class="chart-dot" style={{ left: `${nearest.left}px`, top: `${nearest.top}px` }} />
            <Tooltip nearest={nearest} data={data} dark={dark} />
          </div>
        )}
      </div>
      <Legend labels={data.labels} hidden={hidden} dark={dark} onHidden={setHidden} onEmphasis={setEmphasis} />
    </div>
  );
}
