// Asks the queries of one panel while it can be seen.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, post } from '../api/client';
import type { QueryData } from '../api/types';
import type { Panel, PanelQuery } from './model';
import { niceStepMs, type Range, timeMacros } from './times';

export interface PanelAnswer {
  query: PanelQuery;
  expr: string; // with everything put in
  data: QueryData;
}

export interface PanelState {
  answers: PanelAnswer[] | null;
  range: Range;
  stepMs: number;
  error: ApiError | null;
  loading: boolean;
}

export interface PanelContext {
  range: Range;
  scrapeMs: number;
  fill: (text: string, times: Record<string, string>) => string; // variables
  filled: string; // changes when what fill puts in does
}

export function useVisible(): [preact.RefObject<HTMLElement>, boolean] {
  const element = useRef<HTMLElement>(null);
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setVisible(entries[entries.length - 1].isIntersecting),
      { rootMargin: '200px' });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return [element, visible];
}

export function usePanel(panel: Panel, context: PanelContext, visible: boolean, width: number): PanelState {
  const { range, scrapeMs, fill, filled } = context;
  const stepMs = niceStepMs(range.endMs - range.startMs, width / 2, Math.max(scrapeMs, panel.minStepMs));
  const [state, setState] = useState<PanelState>({ answers: null, range, stepMs, error: null, loading: true });
  const asked = useRef('');
  const key = `${range.startMs} ${range.endMs} ${stepMs} ${filled}`;
  useEffect(() => {
    if (!visible || asked.current === key) return undefined;
    asked.current = key;
    const request = new AbortController();
    setState((old) => ({ ...old, loading: true }));
    const times = timeMacros(range, stepMs, scrapeMs);
    const end = Math.floor(range.endMs / stepMs) * stepMs;
    const start = Math.ceil(range.startMs / stepMs) * stepMs;
    const ask = async (query: PanelQuery): Promise<PanelAnswer> => {
      const expr = fill(query.expr, times);
      const { data } = query.instant
        ? await post<QueryData>('query', { query: expr, time: range.endMs / 1000 }, request.signal)
        : await post<QueryData>('query_range', { query: expr, start: start / 1000, end: end / 1000, step: stepMs / 1000 }, request.signal);
      return { query, expr, data };
    };
    Promise.all(panel.queries.map(ask)).then(
      (answers) => setState({ answers, range: { startMs: start, endMs: end }, stepMs, error: null, loading: false }),
      (error: ApiError) => {
        if (!request.signal.aborted) setState((old) => ({ ...old, error, loading: false }));
      },
    );
    return () => {
      request.abort();
      asked.current = '';
    };
  }, [key, visible]);
  return state;
}
