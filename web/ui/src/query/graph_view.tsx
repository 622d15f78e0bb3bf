// The graph of a range query: lines or heat map, what is under the cursor, legend.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { MatrixItem } from '../api/types';
import { useSettings } from '../base/settings';
import { useDark } from '../base/theme';
import { usePhone } from '../base/phone';
import { formatInstant } from '../format/instant';
import { counted } from '../format/number';
import { Empty, Notices } from '../parts/states';
import { Chart, type Nearest } from './chart';
import { chartData, gridTimes } from './chart_data';
import { useExemplars } from './exemplars';
import { HeatTip, LineTip } from './graph_tip';
import { HeatChart, type HeatPoint, HeatScale } from './heat_chart';
import { hasHeat, heatData } from './heat_data';
import { Legend } from './legend';
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

// What zooming and panning make of the panel's times.
function useMoves({ answer, onChange }: Props) {
  return {
    onZoom: (start: number, end: number) => onChange({
      rangeMs: Math.max(1000, Math.round((end - start) / 1000) * 1000),
      endMs: Math.round(end / 1000) * 1000,
    }),
    onPan: (byMs: number) => {
      const end = Math.round((answer.endMs + byMs) / 1000) * 1000;
      onChange({ endMs: end >= Date.now() ? null : end });
    },
  };
}

interface FrameProps extends Props {
  height: number;
  label: string;
  onLeave: () => void;
  children: preact.ComponentChildren;
}

// Arrow keys move along time, as the pickers do.
function GraphFrame({ answer, panel, onChange, height, label, onLeave, children }: FrameProps) {
  const { onPan } = useMoves({ answer, panel, onChange });
  return (
    <div class="chart" style={{ height: `${height}px` }} role="img" aria-label={label} tabIndex={0}
      title="" onMouseLeave={onLeave}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        event.preventDefault();
        onPan((event.key === 'ArrowLeft' ? -1 : 1) * panel.rangeMs / 4);
      }}>
      {children}
    </div>
  );
}

function LinesView({ answer, panel, onChange, height, matrix }: Props & { height: number; matrix: MatrixItem[] }) {
  const dark = useDark();
  const { timeZone } = useSettings();
  const [all, setAll] = useState(false);
  const [hidden, setHidden] = useState(noneHidden);
  const [emphasis, setEmphasis] = useState<number | null>(null);
  const [nearest, setNearest] = useState<Nearest | null>(null);
  const exemplars = useExemplars(answer, panel.exemplars);
  const moves = useMoves({ answer, panel, onChange });
  const root = useRef<HTMLDivElement>(null);
  const cut = !all && matrix.length > drawnLimit;
  const data = useMemo(
    () => chartData(cut ? matrix.slice(0, drawnLimit) : matrix, answer.startMs, answer.endMs, answer.stepMs),
    [answer, cut],
  );
  // Other series: what was hidden by position means nothing any more.
  const names = useMemo(() => JSON.stringify(data.labels), [data]);
  useEffect(() => setHidden(noneHidden), [names]);
  useEffect(() => setNearest(null), [data]);
  const emphasize = useCallback((series: number | null) => setEmphasis(series), []);
  const legend = useMemo(
    () => <Legend labels={data.labels} hidden={hidden} dark={dark} onHidden={setHidden} onEmphasis={emphasize} />,
    [data, hidden, dark],
  );

  const notes = [];
  if (cut) notes.push(`The first ${drawnLimit} of ${counted(matrix.length, 'series', 'series')} are drawn.`);
  if (data.histograms > 0) {
    notes.push(`${counted(data.histograms, 'series', 'series')} of native histograms cannot be drawn as ` +
      'lines; choose Heat map, or try histogram_quantile(0.9, …).');
  }
  return (
    <div class="graph" ref={root}>
      <Notices warnings={[]} infos={notes} />
      {cut && <button type="button" class="button" onClick={() => setAll(true)}>Draw all</button>}
      <GraphFrame answer={answer} panel={panel} onChange={onChange} height={height} onLeave={() => setNearest(null)}
        label={`Graph of ${answer.expr}, ${counted(data.rows.length, 'series', 'series')}`}>
        <Chart data={data} hidden={hidden} stacked={panel.mode === 'stacked'} dark={dark} timeZone={timeZone}
          height={height} yMin={panel.yMin} exemplars={exemplars.list} onNearest={setNearest} {...moves}
          emphasis={data.rows.length <= emphasisLimit ? emphasis : null} />
        {nearest !== null && (
          <LineTip nearest={nearest} data={data} dark={dark} width={root.current?.clientWidth ?? 0} />
        )}
      </GraphFrame>
      {legend}
      {panel.exemplars && (
        <p class="graph-note muted">
          {exemplars.failure !== '' ? `There are no exemplars: ${exemplars.failure}`
            : exemplars.list.length > 0 ? `◆ ${counted(exemplars.list.length, 'exemplar')}, each at its own value`
              : 'No exemplars in this range. They are kept with --enable-feature=exemplar-storage and come ' +
                'from targets that send them.'}
        </p>
      )}
    </div>
  );
}

function HeatView({ answer, panel, onChange, height, matrix }: Props & { height: number; matrix: MatrixItem[] }) {
  const dark = useDark();
  const { timeZone } = useSettings();
  const [point, setPoint] = useState<HeatPoint | null>(null);
  const moves = useMoves({ answer, panel, onChange });
  const root = useRef<HTMLDivElement>(null);
  const heat = useMemo(
    () => heatData(matrix, gridTimes(answer.startMs, answer.endMs, answer.stepMs)), [answer]);
  useEffect(() => setPoint(null), [heat]);
  if (!hasHeat(matrix) || heat.largest === 0) {
    return (
      <Empty title="There is nothing to draw as a heat map">
        <p>A heat map needs native histograms, or the buckets of a classic one with their label le, such as{' '}
          <code>sum by (le) (rate(http_request_duration_seconds_bucket[5m]))</code>.</p>
      </Empty>
    );
  }
  return (
    <div class="graph" ref={root}>
      <GraphFrame answer={answer} panel={panel} onChange={onChange} height={height} onLeave={() => setPoint(null)}
        label={`Heat map of ${answer.expr}`}>
        <HeatChart heat={heat} dark={dark} timeZone={timeZone} height={height} onPoint={setPoint} {...moves} />
        {point !== null && (
          <HeatTip point={point} times={heat.times} width={root.current?.clientWidth ?? 0} />
        )}
      </GraphFrame>
      <div class="heat-foot">
        <HeatScale dark={dark} largest={heat.largest} />
        {heat.series > 1 && <span class="muted">{counted(heat.series, 'histogram')} added up</span>}
      </div>
    </div>
  );
}

export function GraphView(props: Props) {
  const { answer, panel } = props;
  const { timeZone } = useSettings();
  const height = usePhone() ? 260 : 380;
  const matrix = answer.data.resultType === 'matrix' ? answer.data.result : [];
  if (matrix.length === 0) {
    return (
      <Empty title="No data in this range">
        <p>The query is fine but matched no series between{' '}
          {formatInstant(answer.startMs, timeZone)} and {formatInstant(answer.endMs, timeZone)}.
          Try a longer range, or look for the metric's name in the explorer.</p>
      </Empty>
    );
  }
  return panel.mode === 'heatmap'
    ? <HeatView {...props} height={height} matrix={matrix} />
    : <LinesView {...props} height={height} matrix={matrix} />;
}
