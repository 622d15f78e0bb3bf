// The command line's flags with their values of this process.
import { useState } from 'preact/hooks';
import { useApi } from '../api/use_api';
import { Empty, Failure, Loading } from '../parts/states';
import { FactTable } from './fact_table';

export function FlagsPage() {
  const { data, error, loading, reload } = useApi<Record<string, string>>('status/flags');
  const [search, setSearch] = useState('');
  const word = search.trim().toLowerCase();
  const facts = Object.entries(data ?? {})
    .map(([name, value]): [string, string] => [`--${name}`, value])
    .filter(([name, value]) => name.toLowerCase().includes(word) || value.toLowerCase().includes(word))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <>
      <div class="page-bar">
        <h1>Flags</h1>
        <input class="input grow" type="search" placeholder="Search name or value" aria-label="Search flags"
          value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      </div>
      <section class="card">
        {error !== null && <Failure error={error} retry={reload} />}
        {data === null && loading && <Loading rows={12} />}
        {data !== null && facts.length === 0 && <Empty title="No flag matches"><p>Try a shorter text.</p></Empty>}
        <FactTable facts={facts} />
      </section>
    </>
  );
}
