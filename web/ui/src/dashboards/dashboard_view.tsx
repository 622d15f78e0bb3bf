// A dashboard: its controls and its panels, in sections.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get } from '../api/client';
import { parseDuration } from '../format/duration';
import { Notices } from '../parts/states';
import type { Choice } from './address';
import { Controls } from './controls';
import type { Dashboard, Section } from './model';
import { PanelCard } from './panel_card';
import { type Range, resolveRange } from './times';
import type { PanelContext } from './use_panel';
import { useVariables } from './use_variables';
import { interpolate } from './variables';

const defaultScrapeMs = 15_000;

// What $__rate_interval is made of: the global interval of scrapes.
function useScrapeInterval(): number | null {
  const [ms, setMs] = useState<number | null>(null);
  useEffect(() => {
    const request = new AbortController();
    get<{ yaml: string }>('status/config', {}, request.signal).then(
      ({ data }) => {
        const match = /^global:\n(?: .*\n)*? +scrape_interval: (\w+)$/m.exec(data.yaml);
        setMs((match === null ? null : parseDuration(match[1])) ?? defaultScrapeMs);
      },
      () => {
        if (!request.signal.aborted) setMs(defaultScrapeMs);
      },
    );
    return () => request.abort();
  }, []);
  return ms;
}

function useTick(seconds: number): [number, () => void] {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    if (seconds === 0) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setTick((old) => old + 1);
    }, Math.max(seconds, 1) * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return [tick, () => setTick((old) => old + 1)];
}

interface SectionProps {
  section: Section;
  context: PanelContext;
  onZoom: (startMs: number, endMs: number) => void;
  onPan: (byMs: number) => void;
}

function SectionView({ section, context, onZoom, onPan }: SectionProps) {
  const [open, setOpen] = useState(!section.collapsed);
  const top = section.panels.reduce((least, { grid }) => Math.min(least, grid.y), Infinity);
  return (
    <>
      {section.title !== '' && (
        <button type="button" class={`dash-row ${open ? 'open' : ''}`} aria-expanded={open} onClick={() => setOpen(!open)}>
          {section.title} <span class="muted">{open ? '' : `${section.panels.length} panels`}</span>
        </button>
      )}
      {open && (
        <div class="dash-grid">
          {section.panels.map((panel) => (
            <PanelCard key={panel.id} panel={panel} top={top} context={context} onZoom={onZoom} onPan={onPan} />
          ))}
        </div>
      )}
    </>
  );
}

interface Props {
  board: Dashboard;
  choice: Choice;
  onChoice: (change: Partial<Choice>) => void;
}

export function DashboardView({ board, choice, onChoice }: Props) {
  const from = choice.from !== '' ? choice.from : board.from;
  const to = choice.to !== '' ? choice.to : board.to;
  const refreshSeconds = choice.refresh ?? board.refreshSeconds;
  const [tick, reload] = useTick(refreshSeconds);
  const range = useMemo((): Range => resolveRange(from, to, Date.now()), [from, to, tick]);
  const scrapeMs = useScrapeInterval();
  const state = useVariables(board, choice.variables, range);
  const context = useMemo((): PanelContext => ({
    range,
    scrapeMs: scrapeMs ?? defaultScrapeMs,
    fill: (text, times) => interpolate(text, board.variables, state.values, state.choices, times),
    filled: JSON.stringify([...state.values]),
  }), [range, scrapeMs, board, state]);
  const onZoom = (start: number, end: number) => onChoice({ from: String(Math.round(start)), to: String(Math.round(end)) });
  const onPan = (by: number) => onZoom(range.startMs + by, range.endMs + by);
  return (
    <>
      <Controls board={board} state={state} from={from} to={to} range={range} refreshSeconds={refreshSeconds}
        onTimes={(nextFrom, nextTo) => onChoice({ from: nextFrom, to: nextTo })}
        onRefresh={(refresh) => onChoice({ refresh })} onReload={reload}
        onVariable={(name, values) => onChoice({ variables: new Map([...choice.variables, [name, values]]) })} />
      <Notices warnings={state.failure === '' ? [] : [state.failure]} infos={board.notes} />
      {state.ready && scrapeMs !== null && board.sections.map((section, i) => (
        <SectionView key={i} section={section} context={context} onZoom={onZoom} onPan={onPan} />
      ))}
    </>
  );
}
