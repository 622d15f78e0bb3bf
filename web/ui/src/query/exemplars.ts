// Exemplars of the series that an expression selects, over the range of its graph.
import { useEffect, useState } from 'preact/hooks';
import { post } from '../api/client';
import type { Labels } from '../api/types';
import { sampleNumber } from '../format/number';
import { type Exemplar, thinned } from './exemplar_list';
import type { QueryAnswer } from './use_query';

interface ExemplarSeries {
  seriesLabels: Labels;
  exemplars: { labels: Labels; value: string; timestamp: number }[];
}

const none: Exemplar[] = [];

// Asks while wanted; the graph does without them where that fails.
export function useExemplars(answer: QueryAnswer, wanted: boolean): { list: Exemplar[]; failure: string } {
  const [state, setState] = useState({ list: none, failure: '' });
  const { expr, startMs, endMs } = answer;
  useEffect(() => {
    if (!wanted) {
      setState({ list: none, failure: '' });
      return undefined;
    }
    const request = new AbortController();
    post<ExemplarSeries[] | null>('query_exemplars', { query: expr, start: startMs / 1000, end: endMs / 1000 },
      request.signal).then(
      ({ data }) => {
        const list = (data ?? []).flatMap(({ seriesLabels, exemplars }) => exemplars.map((one) => ({
          time: one.timestamp, value: sampleNumber(one.value), labels: one.labels, series: seriesLabels,
        })));
        setState({ list: thinned(list.filter(({ value }) => Number.isFinite(value)), startMs, endMs), failure: '' });
      },
      (error: Error) => {
        if (!request.signal.aborted) setState({ list: none, failure: error.message });
      },
    );
    return () => request.abort();
  }, [expr, startMs, endMs, wanted]);
  return state;
}
