// Runs a panel's query whenever what it asks changes; the last answer stays visible meanwhile.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Answer, type ApiError, post } from '../api/client';
import type { QueryData } from '../api/types';
import { effectiveStepMs, type PanelState, type Tab } from './panel_state';

export interface QueryAnswer extends Answer<QueryData> {
  expr: string;
  startMs: number;
  endMs: number;
  stepMs: number;
}

export interface QueryRun {
  answer: QueryAnswer | null;
  error: ApiError | null;
  loading: boolean;
  cancel: () => void;
}

function ask(panel: PanelState, tab: Tab, signal: AbortSignal): Promise<QueryAnswer> {
  const endMs = panel.endMs ?? Date.now();
  const stepMs = effectiveStepMs(panel.resolution, panel.rangeMs);
  const startMs = tab === 'table' ? endMs : endMs - panel.rangeMs;
  const range = { query: panel.expr, start: startMs / 1000, end: endMs / 1000, step: stepMs / 1000 };
  const request =
    tab !== 'table'
      ? post<QueryData>('query_range', tab === 'explain' ? { ...range, explain: 'true' } : range, signal)
      : post<QueryData>('query', { query: panel.expr, time: endMs / 1000 }, signal);
  return request.then((answer) => ({ ...answer, expr: panel.expr, startMs, endMs, stepMs }));
}

// run counts executions: a higher number asks again. Nothing is asked while the tab is not shown.
export function useQuery(panel: PanelState, tab: Tab, run: number): QueryRun {
  const [state, setState] = useState<Omit<QueryRun, 'cancel'>>({
    answer: null,
    error: null,
    loading: false,
  });
  const request = useRef<AbortController | null>(null);
  const active = panel.tab === tab;
  const ranged = tab !== 'table';
  const step = ranged ? effectiveStepMs(panel.resolution, panel.rangeMs) : 0;

  useEffect(() => {
    if (!active) return undefined;
    if (panel.expr.trim() === '') {
      setState({ answer: null, error: null, loading: false });
      return undefined;
    }
    const controller = new AbortController();
    request.current = controller;
    setState((old) => ({ ...old, loading: true }));
    ask(panel, tab, controller.signal).then(
      (answer) => setState({ answer, error: null, loading: false }),
      (error: ApiError) => {
        if (controller.signal.aborted) setState((old) => ({ ...old, loading: false }));
        else setState({ answer: null, error, loading: false });
      },
    );
    return () => controller.abort();
  }, [active, panel.expr, panel.endMs, ranged ? panel.rangeMs : 0, step, run]);

  return { ...state, cancel: () => request.current?.abort() };
}
