// How many samples each target's last scrape gave, from the series that every scrape writes.
import { useEffect, useState } from 'preact/hooks';
import { post } from '../api/client';
import type { Labels, QueryData, Targets } from '../api/types';
import { sampleNumber } from '../format/number';

export interface SampleCount {
  scraped: number;
  kept: number; // after relabelling of metrics
  added: number; // series that were not there before
}

export type SampleCounts = ReadonlyMap<string, SampleCount>;

const query = '{__name__=~"scrape_samples_scraped|scrape_samples_post_metric_relabeling|scrape_series_added"}';
const fields: Record<string, keyof SampleCount> = {
  scrape_samples_scraped: 'scraped', scrape_samples_post_metric_relabeling: 'kept', scrape_series_added: 'added',
};

export function targetKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).filter(([name]) => name !== '__name__').sort());
}

export function countsOf(data: QueryData): SampleCounts {
  const counts = new Map<string, SampleCount>();
  for (const { metric, value } of data.resultType === 'vector' ? data.result : []) {
    const field = fields[metric.__name__ ?? ''];
    if (field === undefined) continue;
    const key = targetKey(metric);
    let count = counts.get(key);
    if (count === undefined) counts.set(key, (count = { scraped: 0, kept: 0, added: 0 }));
    count[field] = sampleNumber(value?.[1] ?? '0');
  }
  return counts;
}

// Asked again with every new list of targets; the list does without where it fails.
export function useSampleCounts(targets: Targets | null): SampleCounts {
  const [counts, setCounts] = useState<SampleCounts>(new Map());
  useEffect(() => {
    if (targets === null) return undefined;
    const request = new AbortController();
    post<QueryData>('query', { query }, request.signal).then(({ data }) => setCounts(countsOf(data)), () => undefined);
    return () => request.abort();
  }, [targets]);
  return counts;
}
