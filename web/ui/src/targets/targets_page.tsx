// What is scraped, how it goes, and why something does not.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Target, Targets } from '../api/types';
import { useApi } from '../api/use_api';
import { useInterval } from '../base/use_interval';
import { useSettings } from '../base/settings';
import { humanDuration } from '../format/duration';
import { formatInstant } from '../format/instant';
import { counted, grouped } from '../format/number';
import { RefreshIcon } from '../parts/icons';
import { LazyRows } from '../parts/lazy_rows';
import { Segmented } from '../parts/segmented';
import { LabelChips } from '../parts/series_label';
import { Empty, Failure, Loading } from '../parts/states';
import { RelabelDialog } from './relabel_dialog';
import { type SampleCounts, targetKey, useSampleCounts } from './sample_counts';
import { filterPools, type HealthFilter, isLate, listTargets, type Pool, scrapeAge } from './target_filter';

const rowsAtFirst = 400; // pools that would make it more start closed

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

// Only links that a browser should open; a hostile scheme stays text.
function Endpoint({ target }: { target: Target }) {
  return /^https?:\/\//i.test(target.globalUrl)
    ? <a href={target.globalUrl} rel="noreferrer noopener">{target.scrapeUrl}</a>
    : <span>{target.scrapeUrl}</span>;
}

interface RowProps {
  target: Target;
  now: number;
  counts: SampleCounts;
  onRelabel: (target: Target) => void;
}

function SampleText({ target, counts }: { target: Target; counts: SampleCounts }) {
  const found = counts.get(targetKey(target.labels));
  if (found === undefined) return null;
  const dropped = found.scraped - found.kept;
  return (
    <span title={`${grouped(found.scraped)} scraped, ${grouped(found.kept)} kept, ${grouped(found.added)} new series in the last scrape`}>
      {counted(found.kept, 'sample')}{dropped > 0 ? ` of ${grouped(found.scraped)}` : ''}
    </span>
  );
}

function TargetRow({ target, now, counts, onRelabel }: RowProps) {
  const { timeZone } = useSettings();
  const age = scrapeAge(target, now);
  return (
    <li class="target">
      <div class="target-main">
        <span class={`badge ${target.health}`}>{target.health}</span>
        <span class="target-url"><Endpoint target={target} /></span>
        <span class="target-times">
          <SampleText target={target} counts={counts} />
          {age === null ? 'not scraped yet' : (
            <span title={formatInstant(Date.parse(target.lastScrape), timeZone)}>
              {humanDuration(Math.round(age / 1000))} ago
            </span>
          )}
          {isLate(target, now) && <span class="badge late">late</span>}
          <span title="Duration of the last scrape">took {humanDuration(target.lastScrapeDuration)}</span>
          <span title={`Time-out ${target.scrapeTimeout}`}>every {target.scrapeInterval}</span>
        </span>
      </div>
      <div class="target-labels">
        <LabelChips labels={target.labels} />
        <button type="button" class="button ghost small" onClick={() => onRelabel(target)}>Relabelling</button>
      </div>
      {target.lastError !== '' && <p class="target-error">{target.lastError}</p>}
    </li>
  );
}

interface PoolProps {
  pool: Pool;
  now: number;
  counts: SampleCounts;
  openAtFirst: boolean;
  onRelabel: (target: Target) => void;
}

function PoolCard({ pool, now, counts, openAtFirst, onRelabel }: PoolProps) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const open = chosen ?? openAtFirst;
  const state = pool.up === pool.total ? 'up' : pool.up === 0 ? 'down' : 'unknown';
  return (
    <details class="card pool" open={open}
      onToggle={(event) => {
        if (event.currentTarget.open !== open) setChosen(event.currentTarget.open);
      }}>
      <summary>
        <h2>{pool.name}</h2>
        <span class={`badge ${state}`}>{grouped(pool.up)} / {grouped(pool.total)} up</span>
        {pool.shown.length < pool.total && <span class="muted">{grouped(pool.shown.length)} shown</span>}
      </summary>
      {open && (
        <LazyRows items={pool.shown} rowHeight={76}
          row={(target, i) => <TargetRow key={i} target={target} now={now} counts={counts} onRelabel={onRelabel} />} />
      )}
    </details>
  );
}

export function TargetsPage() {
  const { data, error, loading, reload } = useApi<Targets>('targets?state=active');
  const [search, setSearch] = useState('');
  const [health, setHealth] = useState<HealthFilter>('all');
  const [relabelled, setRelabelled] = useState<Target | null>(null);
  const now = useNow();
  useInterval(reload, 10_000);
  const counts = useSampleCounts(data);

  const listed = useMemo(() => listTargets(data?.activeTargets ?? []), [data]);
  const pools = useMemo(() => filterPools(listed, search, health), [listed, search, health]);
  const count = (wanted: string) => listed.filter(({ target }) => target.health === wanted).length;
  const filters = useMemo((): { value: HealthFilter; text: string }[] => [
    { value: 'all', text: `All ${grouped(listed.length)}` },
    { value: 'up', text: `Up ${grouped(count('up'))}` },
    { value: 'down', text: `Down ${grouped(count('down'))}` },
    { value: 'unknown', text: `Unknown ${grouped(count('unknown'))}` },
  ], [listed]);

  let rows = 0;
  return (
    <>
      <div class="page-bar">
        <h1>Targets</h1>
        <Segmented label="Health" value={health} options={filters} onChange={setHealth} />
        <input class="input grow" type="search" placeholder="Search URL, label or error"
          aria-label="Search targets" value={search}
          onInput={(event) => setSearch(event.currentTarget.value)} />
        <button type="button" class="button" aria-label="Refresh" title="Refresh" onClick={reload}>
          <RefreshIcon />
        </button>
      </div>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <div class="card"><Loading /></div>}
      {data !== null && listed.length === 0 && (
        <div class="card">
          <Empty title="Nothing is scraped">
            <p>Add a job under scrape_configs in the configuration and reload it with SIGHUP, or
              POST /-/reload where --web.enable-lifecycle is set.</p>
          </Empty>
        </div>
      )}
      {listed.length > 0 && pools.length === 0 && (
        <div class="card">
          <Empty title="No target passes the filter">
            <button type="button" class="button" onClick={() => { setSearch(''); setHealth('all'); }}>
              Clear the filter
            </button>
          </Empty>
        </div>
      )}
      {pools.map((pool) => {
        const openAtFirst = rows + pool.shown.length <= rowsAtFirst || pools.length === 1;
        if (openAtFirst) rows += pool.shown.length;
        return (
          <PoolCard key={pool.name} pool={pool} now={now} counts={counts} openAtFirst={openAtFirst} onRelabel={setRelabelled} />
        );
      })}
      {relabelled !== null && (
        <RelabelDialog pool={relabelled.scrapePool} labels={relabelled.discoveredLabels} onClose={() => setRelabelled(null)} />
      )}
    </>
  );
}
