// What runs now, with a button to stop it, and what cost the most since the start.
import { useState } from 'preact/hooks';
import { remove } from '../api/client';
import type { RunningQuery } from '../api/types';
import { useApi } from '../api/use_api';
import { followInside, viewHref } from '../base/location';
import { useInterval } from '../base/use_interval';
import { useSettings } from '../base/settings';
import { formatDuration, humanDuration } from '../format/duration';
import { formatInstant } from '../format/instant';
import { byteSize, grouped, siNumber } from '../format/number';
import { Empty, Failure, Loading } from '../parts/states';
import { newPanel } from '../query/panel_state';
import { encodePanels } from '../query/url';

interface TopQuery {
  query: string;
  count: number;
  failed: number;
  totalSeconds: number;
  maxSeconds: number;
  samples: number;
  maxMemoryBytes: number;
  last: number;
}

const refreshMs = 2000;

function QueryLink({ query, search }: { query: string; search: string }) {
  return (
    <a class="expr" href={viewHref('query', search)} onClick={(event) => followInside(event, 'query', search)}>{query}</a>
  );
}

// Who asks, as far as is known: a dashboard of Grafana, or an address and a program.
function callerText({ caller }: RunningQuery): string {
  const parts = [caller.forwardedFor || caller.remoteAddress];
  if (caller.dashboardUid !== '') parts.push(`dashboard ${caller.dashboardUid}${caller.panelId !== '' ? `, panel ${caller.panelId}` : ''}`);
  if (caller.userAgent !== '') parts.push(caller.userAgent.split(' ')[0]);
  return parts.filter((part) => part !== '').join(' · ');
}

function RunningRow({ query, onStopped }: { query: RunningQuery; onStopped: () => void }) {
  const { timeZone } = useSettings();
  const [failure, setFailure] = useState('');
  const [stopping, setStopping] = useState(false);
  const stop = () => {
    setStopping(true);
    remove(`status/queries/${query.id}`).then(onStopped, (error: Error) => {
      setFailure(error.message);
      onStopped();
    });
  };
  const ranged = query.step > 0;
  const search = encodePanels([newPanel({
    expr: query.query, tab: ranged ? 'graph' : 'table', endMs: query.end * 1000,
    rangeMs: ranged ? Math.max(1000, (query.end - query.start) * 1000) : 3600_000,
  })]);
  return (
    <li class="target running">
      <div class="target-main">
        <span class={`badge ${query.state === 'running' ? 'up' : 'unknown'}`}>{query.state}</span>
        <b class="running-age">{humanDuration(query.ageSeconds)}</b>
        <span class="target-times">
          <span>{ranged
            ? `${formatDuration((query.end - query.start) * 1000)} by ${formatDuration(query.step * 1000)}`
            : `at ${formatInstant(query.end * 1000, timeZone)}`}</span>
          <span title="Samples so far">{siNumber(query.samples)} samples</span>
          <span title={`At most ${byteSize(query.peakMemoryBytes)}`}>{byteSize(query.memoryBytes)}</span>
          <button type="button" class="button danger" disabled={stopping} onClick={stop}>Stop</button>
        </span>
      </div>
      <QueryLink query={query.query} search={search} />
      <p class="muted">{callerText(query)}</p>
      {failure !== '' && <p class="target-error">{failure}</p>}
    </li>
  );
}

type Column = 'totalSeconds' | 'maxSeconds' | 'count' | 'samples' | 'maxMemoryBytes' | 'failed';
const columns: [Column, string, (value: number) => string][] = [
  ['totalSeconds', 'Total time', humanDuration],
  ['maxSeconds', 'Longest', humanDuration],
  ['count', 'Times', grouped],
  ['samples', 'Samples', (value) => siNumber(value)],
  ['maxMemoryBytes', 'Most memory', byteSize],
  ['failed', 'Failed', grouped],
];

function TopTable({ queries }: { queries: TopQuery[] }) {
  const [by, setBy] = useState<Column>('totalSeconds');
  const sorted = [...queries].sort((a, b) => b[by] - a[by]);
  return (
    <div class="wide-table">
      <table class="result top-queries">
        <thead>
          <tr>
            <th scope="col"><span>Query</span></th>
            {columns.map(([name, title]) => (
              <th key={name} scope="col" class="value" aria-sort={by === name ? 'descending' : 'none'}>
                <button type="button" onClick={() => setBy(name)}>{title}{by === name ? ' ↓' : ''}</button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((query) => (
            <tr key={query.query}>
              <td><QueryLink query={query.query} search={encodePanels([newPanel({ expr: query.query, tab: 'explain' })])} /></td>
              {columns.map(([name, , show]) => <td key={name} class="value">{show(query[name])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function QueriesPage() {
  const running = useApi<{ queries: RunningQuery[] }>('status/queries');
  const top = useApi<{ since: number; queries: TopQuery[] }>('status/top_queries?limit=30');
  const { timeZone } = useSettings();
  useInterval(running.reload, refreshMs);
  useInterval(top.reload, 5 * refreshMs);
  const queries = running.data?.queries ?? [];
  return (
    <>
      <div class="page-bar"><h1>Queries</h1></div>
      <section class="card running-card">
        <h2>Running now</h2>
        {running.error !== null && <Failure error={running.error} retry={running.reload} />}
        {running.data !== null && queries.length === 0 && (
          <Empty title="Nothing runs"><p>Queries that take longer than a moment are listed here while they run.</p></Empty>
        )}
        <ul>{queries.map((query) => <RunningRow key={query.id} query={query} onStopped={running.reload} />)}</ul>
      </section>
      <section class="card">
        <h2>Dearest since the start</h2>
        {top.error !== null && <Failure error={top.error} retry={top.reload} />}
        {top.data === null && top.loading && <Loading />}
        {top.data !== null && (
          <>
            <p class="muted">By text, since {formatInstant(top.data.since * 1000, timeZone)}. A click explains what a query costs.</p>
            {top.data.queries.length === 0
              ? <Empty title="Nothing was asked yet" />
              : <TopTable queries={top.data.queries} />}
          </>
        )}
      </section>
    </>
  );
}
