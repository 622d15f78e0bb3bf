// All metric names with type and help, searched by words in any order.
import { useMemo, useState } from 'preact/hooks';
import type { MetadataItem } from '../api/types';
import { useApi } from '../api/use_api';
import { counted } from '../format/number';
import { Dialog } from '../parts/dialog';
import { Empty, Failure, Loading } from '../parts/states';

interface Props {
  onChoose: (name: string) => void;
  onClose: () => void;
}

const firstShown = 200;

interface Entry {
  name: string;
  type: string;
  help: string;
  searchable: string;
}

// A histogram's or summary's series carry the metadata of the name without their suffix.
function describe(name: string, metadata: Record<string, MetadataItem[]>): MetadataItem | undefined {
  return (metadata[name] ?? metadata[name.replace(/_(bucket|count|sum|total|created)$/, '')])?.[0];
}

function matches(entry: Entry, words: string[]): boolean {
  return words.every((word) => entry.searchable.includes(word));
}

export function MetricsExplorer({ onChoose, onClose }: Props) {
  const names = useApi<string[]>('label/__name__/values');
  const metadata = useApi<Record<string, MetadataItem[]>>('metadata');
  const [search, setSearch] = useState('');
  const entries = useMemo(() => (names.data ?? []).map((name): Entry => {
    const found = describe(name, metadata.data ?? {});
    const help = found?.help ?? '';
    return { name, type: found?.type ?? '', help, searchable: `${name} ${help}`.toLowerCase() };
  }), [names.data, metadata.data]);
  const found = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '');
    const hits = entries.filter((entry) => matches(entry, words));
    // Names that hold all words come before those where only the help does.
    const inName = (entry: Entry) => words.every((word) => entry.name.toLowerCase().includes(word));
    return words.length === 0 ? hits : [...hits.filter(inName), ...hits.filter((entry) => !inName(entry))];
  }, [entries, search]);

  return (
    <Dialog title="Metrics" onClose={onClose}>
      <input class="input wide" type="search" autofocus placeholder="Search names and help"
        aria-label="Search metrics" value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || found.length === 0) return;
          event.preventDefault(); // else it would also press the button that gets the focus back
          onChoose(found[0].name);
        }} />
      <div class="explorer" aria-live="polite">
        {names.error !== null && <Failure error={names.error} retry={names.reload} />}
        {names.data === null && names.loading && <Loading rows={10} />}
        {names.data !== null && found.length === 0 && (
          <Empty title={entries.length === 0 ? 'No metrics yet' : 'Nothing matches'}>
            <p>{entries.length === 0
              ? 'Nothing has been scraped so far. The Targets page says what is scraped and how it goes.'
              : 'Try fewer or shorter words.'}</p>
          </Empty>
        )}
        <ul>
          {found.slice(0, firstShown).map((entry) => (
            <li key={entry.name}>
              <button type="button" onClick={() => onChoose(entry.name)}>
                <span class="explorer-name">{entry.name}</span>
                <span class="explorer-type">{entry.type}</span>
                <span class="explorer-help">{entry.help}</span>
              </button>
            </li>
          ))}
        </ul>
        {found.length > firstShown && (
          <p class="muted">… and {counted(found.length - firstShown, 'more name')}. Type to narrow down.</p>
        )}
      </div>
    </Dialog>
  );
}
