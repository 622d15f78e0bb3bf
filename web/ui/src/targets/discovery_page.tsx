// What discovery found: the labels before relabelling, those after, and what was dropped.
import { useMemo, useState } from 'preact/hooks';
import type { Labels, Targets } from '../api/types';
import { useApi } from '../api/use_api';
import { counted } from '../format/number';
import { LabelChips } from '../parts/series_label';
import { Empty, Failure, Loading } from '../parts/states';

interface Found {
  discovered: Labels;
  labels: Labels | null; // null = dropped
  searchable: string;
}

const firstShown = 50;

function byPool(targets: Targets): Map<string, Found[]> {
  const pools = new Map<string, Found[]>();
  const add = (pool: string, discovered: Labels, labels: Labels | null) => {
    const searchable = JSON.stringify([pool, discovered, labels]).toLowerCase();
    const list = pools.get(pool);
    if (list === undefined) pools.set(pool, [{ discovered, labels, searchable }]);
    else list.push({ discovered, labels, searchable });
  };
  for (const target of targets.activeTargets ?? []) add(target.scrapePool, target.discoveredLabels, target.labels);
  for (const target of targets.droppedTargets ?? []) {
    add(target.scrapePool ?? target.discoveredLabels.job ?? '', target.discoveredLabels, null);
  }
  return new Map([...pools].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function PoolCard({ name, found }: { name: string; found: Found[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? found : found.slice(0, firstShown);
  const active = found.filter(({ labels }) => labels !== null).length;
  return (
    <details class="card pool" open>
      <summary>
        <h2>{name}</h2>
        <span class="muted">{active} active, {found.length - active} dropped</span>
      </summary>
      <table class="discovery">
        <thead>
          <tr>
            <th scope="col">Discovered</th>
            <th scope="col">After relabelling</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ discovered, labels }, i) => (
            <tr key={i}>
              <td><LabelChips labels={discovered} /></td>
              <td>{labels === null ? <span class="badge down">dropped</span> : <LabelChips labels={labels} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length > shown.length && (
        <button type="button" class="button more" onClick={() => setAll(true)}>
          Show all {counted(found.length, 'target')}
        </button>
      )}
    </details>
  );
}

export function DiscoveryPage() {
  const { data, error, loading, reload } = useApi<Targets>('targets');
  const [search, setSearch] = useState('');
  const pools = useMemo(() => (data === null ? null : byPool(data)), [data]);
  const word = search.trim().toLowerCase();
  const shown = [...(pools ?? [])]
    .map(([name, found]): [string, Found[]] => [name, found.filter((one) => one.searchable.includes(word))])
    .filter(([, found]) => found.length > 0);
  return (
    <>
      <div class="page-bar">
        <h1>Service discovery</h1>
        <input class="input grow" type="search" placeholder="Search labels" aria-label="Search labels"
          value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      </div>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <div class="card"><Loading /></div>}
      {pools !== null && shown.length === 0 && (
        <div class="card">
          <Empty title={pools.size === 0 ? 'Nothing was discovered' : 'Nothing matches'}>
            <p>{pools.size === 0 ? 'Add a job under scrape_configs in the configuration.'
              : 'Try a shorter text.'}</p>
          </Empty>
        </div>
      )}
      {shown.map(([name, found]) => <PoolCard key={name} name={name} found={found} />)}
    </>
  );
}
