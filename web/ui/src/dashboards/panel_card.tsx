// One panel of a dashboard: title, what its kind draws, and what it says when there is nothing.
import { useEffect, useState } from 'preact/hooks';
import { followInside, viewHref } from '../base/location';
import { WarnIcon } from '../parts/icons';
import { newPanel } from '../query/panel_state';
import { encodePanels } from '../query/url';
import type { Panel } from './model';
import { SeriesPanel } from './series_panel';
import { TablePanel } from './table_panel';
import { timeMacros } from './times';
import { type PanelContext, type PanelState, usePanel, useVisible } from './use_panel';
import { BarPanel, GaugePanel, StatPanel } from './value_panels';

const rowHeight = 30;
const gap = 8;
const headHeight = 48; // title and paddings

interface Props {
  panel: Panel;
  top: number; // the first row of its section
  context: PanelContext;
  onZoom: (startMs: number, endMs: number) => void;
  onPan: (byMs: number) => void;
}

function useWidth(element: preact.RefObject<HTMLElement>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(() => setWidth(element.current?.clientWidth ?? 0));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return width;
}

// The same queries on the query page, where one can look closer.
function querySearch(panel: Panel, context: PanelContext, state: PanelState): string {
  const times = timeMacros(context.range, state.stepMs, context.scrapeMs);
  return encodePanels(panel.queries.map(({ expr, instant }) => newPanel({
    expr: context.fill(expr, times), tab: instant ? 'table' : 'graph',
    rangeMs: context.range.endMs - context.range.startMs,
  })));
}

function Body({ panel, state, width, height, onZoom, onPan }: Omit<Props, 'context' | 'top'> & { state: PanelState; width: number; height: number }) {
  if (panel.kind === 'text') return <p class="dash-text">{panel.text}</p>;
  if (panel.kind === 'unknown') return <p class="dash-none">Panels of type {panel.type} are not drawn here.</p>;
  if (panel.queries.length === 0) return <p class="dash-none">This panel has no query.</p>;
  if (state.error !== null) return <p class="dash-none bad"><WarnIcon /> {state.error.message}</p>;
  if (state.answers === null) return <div class="dash-wait" role="status" aria-label="Loading" />;
  const empty = state.answers.every(({ data }) => data.resultType !== 'scalar' && data.result.length === 0);
  if (empty) return <p class="dash-none">No data. Is what it asks for scraped, and in this range?</p>;
  switch (panel.kind) {
    case 'timeseries': return <SeriesPanel panel={panel} state={state} width={width} height={height} onZoom={onZoom} onPan={onPan} />;
    case 'stat': return <StatPanel panel={panel} state={state} />;
    case 'gauge': return <GaugePanel panel={panel} state={state} />;
    case 'bar': return <BarPanel panel={panel} state={state} />;
    case 'table': return <TablePanel panel={panel} state={state} />;
  }
}

export function PanelCard({ panel, top, context, onZoom, onPan }: Props) {
  const [element, visible] = useVisible();
  const width = useWidth(element);
  const state = usePanel(panel, context, visible && width > 0, Math.max(width, 200));
  const { x, y, w, h } = panel.grid;
  const search = panel.queries.length > 0 ? querySearch(panel, context, state) : '';
  const height = h * rowHeight + (h - 1) * gap - headHeight;
  return (
    <section ref={element} class={`card dash-panel kind-${panel.kind}`} aria-label={panel.title} aria-busy={state.loading}
      style={{ '--x': x + 1, '--y': y - top + 1, '--w': w, '--h': h }}>
      <header>
        <h3 title={panel.description !== '' ? panel.description : panel.title}>{panel.title}</h3>
        {search !== '' && (
          <a class="dash-look" href={viewHref('query', search)} title="Open on the query page"
            onClick={(event) => followInside(event, 'query', search)}>Query</a>
        )}
      </header>
      <div class={`dash-body ${state.loading && state.answers !== null ? 'busy' : ''}`}>
        <Body panel={panel} state={state} width={width} height={height} onZoom={onZoom} onPan={onPan} />
      </div>
    </section>
  );
}
