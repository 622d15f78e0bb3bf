// What discovery found: the labels before relabelling, those after, and what was dropped.
import { useMemo, useState } from 'preact/hooks';
import type { Labels, Targets } from '../api/types';
import { useApi } from '../api/use_api';
import { grouped } from '../format/number';
import { LazyRows } from '../parts/lazy_rows';
import { LabelChips } from '../parts/series_label';
import { Empty, Failure, Loading } from '../parts/states';
import { RelabelDialog } from './relabel_dialog';

interface Found {
  discovered: Labels;
  labels: Labels | null; // null = dropped
  searchable: string;
}

const rowsAtFirst = 200; // pools that would make it more start closed

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

function FoundRow({ found, onRelabel }: { found: Found; onRelabel: () => void }) {
  return (
    <li class="found">
      <LabelChips labels={found.discovered} />
      <span class="found-after">
        {found.labels === null ? <span class="badge down">dropped</span> : <LabelChips labels={found.labels} />}
        <button type="button" class="button ghost small" onClick={onRelabel}>
          {found.labels === null ? 'Why?' : 'Relabelling'}
        </button>
      </span>
    </li>
  );
}

interface PoolProps {
  name: string;
  found: Found[];
  openAtFirst: boolean;
  onRelabel: (labels: Labels) => void;
}

function PoolCard({ name, found, openAtFirst, onRelabel }: PoolProps) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const open = chosen ?? openAtFirst;
  const active = found.filter(({ labels }) => labels !== null).length;
  return (
    <details class="card pool" open={open}
      onToggle={(event) => {
        if (event.currentTarget.open !== open) setChosen(event.currentTarget.open);
      }}>
      <summary>
        <h2>{name}</h2>
        <span class="muted">{grouped(active)} active, {grouped(found.length - active)} dropped</span>
      </summary>
      <div class="found found-head" aria-hidden="true"><span>Discovered</span><span>After relabelling</span></div>
      {open && (
        <LazyRows items={found} rowHeight={90}
          row={(one, i) => <FoundRow key={i} found={one} onRelabel={() => onRelabel(one.discovered)} />} />
      )}
    </details>
  );
}

export function DiscoveryPage() {
  const { data, error, loading, reload } = useApi<Targets>('targets');
  const [search, setSearch] = useState('');
  const [relabelled, setRelabelled] = useState<{ pool: string; labels: Labels } | null>(null);
  const pools = useMemo(() => (data === null ? null : byPool(data)), [data]);
  const word = search.trim().toLowerCase();
  const shown = [...(pools ?? [])]
    .map(([name, found]): [string, Found[]] => [name, found.filter((one) => one.searchable.includes(word))])
    .filter(([, found]) => found.length > 0);
  let rows = 0;
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
      {shown.map(([name, found]) => {
        const openAtFirst = rows + found.length <= rowsAtFirst || shown.length === 1;
        if (openAtFirst) rows += found.length;
        return (
          <PoolCard key={name} name={name} found={found} openAtFirst={openAtFirst}
            onRelabel={(labels) => setRelabelled({ pool: name, labels })} />
        );
      })}
      {relabelled !== null && (
        <RelabelDialog pool={relabelled.pool} labels={relabelled.labels} onClose={() => setRelabelled(null)} />
      )}
    </>
  );
}
