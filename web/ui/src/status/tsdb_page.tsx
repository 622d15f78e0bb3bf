// What the head holds and which names, labels and pairs it grew from.
import type { NameValue, TsdbStatus } from '../api/types';
import { useApi } from '../api/use_api';
import { followInside, viewHref } from '../base/location';
import { useSettings } from '../base/settings';
import { formatInstant } from '../format/instant';
import { byteSize, grouped } from '../format/number';
import { quoted } from '../format/series_name';
import { encodePanels } from '../query/url';
import { newPanel } from '../query/panel_state';
import { Empty, Failure, Loading } from '../parts/states';
import { FactTable } from './fact_table';

interface TopProps {
  title: string;
  items: NameValue[] | null;
  show?: (value: number) => string;
  query?: (name: string) => string; // the expression that looks closer
}

function Top({ title, items, show = grouped, query }: TopProps) {
  const largest = Math.max(1, ...(items ?? []).map((item) => item.value));
  return (
    <section class="card">
      <h2>{title}</h2>
      {(items ?? []).length === 0 && <Empty title="Nothing yet" />}
      <ol class="top-list">
        {(items ?? []).map(({ name, value }) => {
          const search = query === undefined ? '' : encodePanels([newPanel({ expr: query(name) })]);
          return (
            <li key={name}>
              <span class="top-bar" style={{ width: `${(100 * value) / largest}%` }} />
              {query === undefined ? <span class="top-name">{name}</span> : (
                <a class="top-name" href={viewHref('query', search)}
                  onClick={(event) => followInside(event, 'query', search)}>{name}</a>
              )}
              <span class="top-value">{show(value)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

// "job=node" to {job="node"}; the first = parts them.
function pairSelector(pair: string): string {
  const at = pair.indexOf('=');
  return `{${pair.slice(0, at)}=${quoted(pair.slice(at + 1))}}`;
}

export function TsdbPage() {
  const { data, error, loading, reload } = useApi<TsdbStatus>('status/tsdb');
  const { timeZone } = useSettings();
  const time = (ms: number) => (Math.abs(ms) < 8.6e15 ? `${formatInstant(ms, timeZone)} (${ms})` : 'no samples yet');
  const head = data?.headStats;
  return (
    <>
      <div class="page-bar"><h1>TSDB</h1></div>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <div class="card"><Loading /></div>}
      {data !== null && head !== undefined && (
        <>
          <section class="card">
            <h2>Head</h2>
            <FactTable facts={[
              ['Series', grouped(head.numSeries)],
              ['Chunks', grouped(head.chunkCount)],
              ['Label pairs', grouped(head.numLabelPairs)],
              ['Oldest sample', time(head.minTime)],
              ['Newest sample', time(head.maxTime)],
            ]} />
          </section>
          <div class="columns">
            <Top title="Series by metric name" items={data.seriesCountByMetricName}
              query={(name) => `count({__name__=${quoted(name)}})`} />
            <Top title="Series by label pair" items={data.seriesCountByLabelValuePair}
              query={(pair) => `count(${pairSelector(pair)}) by (__name__)`} />
            <Top title="Values by label name" items={data.labelValueCountByLabelName} />
            <Top title="Bytes of values by label name" items={data.memoryInBytesByLabelName} show={byteSize} />
          </div>
        </>
      )}
    </>
  );
}
