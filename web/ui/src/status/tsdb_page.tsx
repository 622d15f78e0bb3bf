// What the head holds, which names, labels, pairs and targets it grew from, and which of them nobody asks for.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get } from '../api/client';
import type { NameValue, TsdbStatus } from '../api/types';
import { useApi } from '../api/use_api';
import { followInside, viewHref } from '../base/location';
import { useSettings } from '../base/settings';
import { formatInstant } from '../format/instant';
import { byteSize, grouped } from '../format/number';
import { quoted, seriesName } from '../format/series_name';
import { encodePanels } from '../query/url';
import { newPanel } from '../query/panel_state';
import { Empty, Failure, Loading } from '../parts/states';
import { type Growth, measureGrowth, pairMatcher } from './growth';

interface MetricUse {
  since: number;
  complete: boolean;
  metrics: { name: string; queries: number; last?: number }[];
}

const automaticSeries = 200_000; // up to here growth is measured without being asked for

interface TopProps {
  title: string;
  hint?: string;
  items: NameValue[];
  before?: Map<string, number>; // an hour ago
  unused?: ReadonlySet<string>;
  show?: (value: number) => string;
  query?: (name: string) => string; // the expression that looks closer
}

function Change({ now, before }: { now: number; before: number }) {
  const by = now - before;
  const sign = by > 0 ? '+' : by < 0 ? '−' : '±';
  return (
    <span class={`top-change ${by > 0.1 * before && by > 10 ? 'much' : ''}`} title={`${grouped(before)} an hour ago`}>
      {sign}{grouped(Math.abs(by))}
    </span>
  );
}

function Top({ title, hint, items, before, unused, show = grouped, query }: TopProps) {
  const largest = Math.max(1, ...items.map((item) => item.value));
  return (
    <section class="card">
      <h2>{title}</h2>
      {hint !== undefined && <p class="muted top-hint">{hint}</p>}
      {items.length === 0 && <Empty title="Nothing yet" />}
      <ol class="top-list">
        {items.map(({ name, value }) => {
          const search = query === undefined ? '' : encodePanels([newPanel({ expr: query(name) })]);
          return (
            <li key={name}>
              <span class="top-bar" style={{ width: `${(100 * value) / largest}%` }} />
              {query === undefined ? <span class="top-name">{name}</span> : (
                <a class="top-name" href={viewHref('query', search)}
                  onClick={(event) => followInside(event, 'query', search)}>{name}</a>
              )}
              {unused?.has(name) === true && <span class="badge late" title="Nothing has queried it since the start of the server">never queried</span>}
              {before !== undefined && <Change now={value} before={before.get(name) ?? 0} />}
              <span class="top-value">{show(value)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return <div class="fact"><span class="muted">{name}</span><b>{value}</b></div>;
}

// Measured once for a status: at once where that is cheap, else when the button is pressed.
function useGrowth(status: TsdbStatus | null) {
  const [growth, setGrowth] = useState<Growth | null>(null);
  const [state, setState] = useState('');
  const request = useRef<AbortController | null>(null);
  const measure = () => {
    if (status === null) return;
    request.current?.abort();
    const controller = new AbortController();
    request.current = controller;
    setState('measuring');
    measureGrowth(status, controller.signal).then(
      (found) => {
        setGrowth(found);
        setState('');
      },
      (error: Error) => {
        if (!controller.signal.aborted) setState(error.message);
      },
    );
  };
  useEffect(() => {
    if (status !== null && status.headStats.numSeries <= automaticSeries) measure();
    return () => request.current?.abort();
  }, [status]);
  return { growth, state, measure };
}

function useUnused(names: string[]) {
  const [use, setUse] = useState<MetricUse | null>(null);
  const key = names.join('\n');
  useEffect(() => {
    if (names.length === 0) return undefined;
    const request = new AbortController();
    const search = new URLSearchParams(names.map((name) => ['name', name])).toString();
    get<MetricUse>(`status/metric_use?${search}`, {}, request.signal).then(({ data }) => setUse(data), () => setUse(null));
    return () => request.abort();
  }, [key]);
  const unused = useMemo(() => new Set((use?.metrics ?? []).filter(({ queries }) => queries === 0).map(({ name }) => name)), [use]);
  return { use, unused: use?.complete === true ? unused : undefined };
}

export function TsdbPage() {
  const { data, error, loading, reload } = useApi<TsdbStatus>('status/tsdb?limit=15');
  const { timeZone } = useSettings();
  const { growth, state, measure } = useGrowth(data);
  const names = (data?.seriesCountByMetricName ?? []).map(({ name }) => name);
  const { use, unused } = useUnused([...names, ...(growth?.gained ?? []).map(({ name }) => name)]);
  const time = (ms: number) => (Math.abs(ms) < 8.6e15 ? formatInstant(ms, timeZone) : 'no samples yet');
  const head = data?.headStats;
  const past = growth?.hadData === true ? growth : undefined;
  const byName = (name: string) => `count({__name__=${quoted(name)}})`;
  return (
    <>
      <div class="page-bar">
        <h1>TSDB</h1>
        {state === 'measuring' && <span class="muted" role="status">Comparing with an hour ago…</span>}
        {state === '' && growth === null && head !== undefined && head.numSeries > automaticSeries && (
          <button type="button" class="button" onClick={measure}
            title="Counts all series, now and an hour ago: that may take seconds">Compare with an hour ago</button>
        )}
        {state === '' && growth !== null && !growth.hadData && <span class="muted">There was nothing an hour ago to compare with.</span>}
        {state !== '' && state !== 'measuring' && <span class="muted">No comparison with an hour ago: {state}</span>}
      </div>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <div class="card"><Loading /></div>}
      {data !== null && head !== undefined && (
        <>
          <section class="card fact-row">
            <Fact name="Series in the head" value={grouped(head.numSeries)} />
            <Fact name="Chunks" value={grouped(head.chunkCount)} />
            <Fact name="Label pairs" value={grouped(head.numLabelPairs)} />
            <Fact name="Oldest sample" value={time(head.minTime)} />
            <Fact name="Newest sample" value={time(head.maxTime)} />
          </section>
          <div class="columns">
            <Top title="Series by metric name" items={data.seriesCountByMetricName ?? []} before={past?.names}
              unused={unused} query={byName}
              hint={use === null ? undefined : use.complete
                ? `“Never queried”: by no query since ${formatInstant(use.since * 1000, timeZone)}, neither by its name nor by a pattern.`
                : 'More names are queried than the server remembers, so none is called unused.'} />
            <Top title="Series by label pair" items={data.seriesCountByLabelValuePair ?? []} before={past?.pairs}
              query={(pair) => `count({${pairMatcher(pair)}}) by (__name__)`} />
            <Top title="Series by target" before={past === undefined ? undefined
              : new Map(past.targets.map(({ labels, before }) => [seriesName(labels), before]))}
              items={(growth?.targets ?? []).map(({ labels, now }) => ({ name: seriesName(labels), value: now }))}
              hint={growth === null ? 'Counted together with the comparison.' : undefined}
              query={(selector) => `topk(20, count by (__name__) (${selector}))`} />
            {past !== undefined && (
              <Top title="Grown in the last hour" items={past.gained} unused={unused} query={byName}
                hint="Names with more series than an hour ago." />
            )}
            <Top title="Values by label name" items={data.labelValueCountByLabelName ?? []} before={past?.labels} />
            <Top title="Bytes of values by label name" items={data.memoryInBytesByLabelName ?? []} show={byteSize} />
          </div>
        </>
      )}
    </>
  );
}
