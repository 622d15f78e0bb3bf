// Lines over time.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useSettings } from '../base/settings';
import { useDark } from '../base/theme';
import { Chart, type Nearest } from '../query/chart';
import { chartData } from '../query/chart_data';
import { LineTip } from '../query/graph_tip';
import { nextHidden } from '../query/hidden';
import { Swatch } from '../query/legend';
import type { Panel } from './model';
import { unitText } from './units';
import type { PanelState } from './use_panel';
import { itemsOf, legendName } from './values';

interface Props {
  panel: Panel;
  state: PanelState;
  width: number;
  height: number;
  onZoom: (startMs: number, endMs: number) => void;
  onPan: (byMs: number) => void;
}

const drawnLimit = 200;
const legendLimit = 60;
const noneHidden: ReadonlySet<number> = new Set();

export function SeriesPanel({ panel, state, width, height, onZoom, onPan }: Props) {
  const dark = useDark();
  const { timeZone } = useSettings();
  const [hidden, setHidden] = useState(noneHidden);
  const [emphasis, setEmphasis] = useState<number | null>(null);
  const [nearest, setNearest] = useState<Nearest | null>(null);
  const show = useMemo(() => unitText(panel.unit, panel.decimals), [panel]);
  const { data, names } = useMemo(() => {
    const items = (state.answers ?? []).flatMap(({ query, data }) =>
      itemsOf(data).map((item) => ({ item, name: legendName(query.legend, item.metric) }))).slice(0, drawnLimit);
    const { range, stepMs } = state;
    return {
      data: chartData(items.map(({ item }) => item), range.startMs, range.endMs, stepMs),
      names: items.filter(({ item }) => (item.values ?? []).length > 0).map(({ name }) => name),
    };
  }, [state.answers]);
  const order = names.join('\n');
  useEffect(() => setHidden(noneHidden), [order]);
  useEffect(() => setNearest(null), [data]);
  const chartHeight = Math.max(90, height - (names.length > 0 ? 40 : 0));
  const legend = useMemo(() => (
    <div class="dash-legend" onMouseLeave={() => setEmphasis(null)}>
      {names.slice(0, legendLimit).map((name, i) => (
        <button key={i} type="button" class={`legend-item ${hidden.has(i) ? 'off' : ''}`} aria-pressed={!hidden.has(i)}
          title={name} onMouseEnter={() => setEmphasis(i)}
          onClick={(event) => setHidden(nextHidden(hidden, i, names.length, event.ctrlKey || event.metaKey || event.shiftKey))}>
          <Swatch index={i} dark={dark} /> <span>{name}</span>
        </button>
      ))}
      {names.length > legendLimit && <span class="muted">and {names.length - legendLimit} more</span>}
    </div>
  ), [order, hidden, dark]);
  return (
    <>
      <div class="chart" style={{ height: `${chartHeight}px` }} onMouseLeave={() => setNearest(null)}>
        <Chart data={data} hidden={hidden} stacked={panel.stacked} dark={dark} timeZone={timeZone} height={chartHeight}
          yMin={panel.min} yMax={panel.max} fill={panel.fill / 2} numbers={(ticks) => ticks.map(show)} binary={panel.unit === 'bytes' || panel.unit === 'binBps'}
          emphasis={names.length <= 40 ? emphasis : null} onNearest={setNearest} onZoom={onZoom} onPan={onPan} />
        {nearest !== null && (
          <LineTip nearest={nearest} data={data} dark={dark} width={width} show={show} names={names} />
        )}
      </div>
      {legend}
    </>
  );
}
