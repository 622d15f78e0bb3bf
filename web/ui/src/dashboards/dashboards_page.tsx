// The list of dashboards, or one of them.
import { useEffect, useState } from 'preact/hooks';
import { useApi } from '../api/use_api';
import { followInside, navigate, viewHref } from '../base/location';
import { setTitle } from '../base/title';
import { CloseIcon, DownloadIcon, LeftIcon } from '../parts/icons';
import { Empty, Loading } from '../parts/states';
import { save } from '../query/download';
import { type Choice, readAddress, writeAddress } from './address';
import { DashboardView } from './dashboard_view';
import type { Dashboard } from './model';
import { readDashboard } from './read';
import { embeddedEntries, type Entry, forgetLocal, keepLocal, loadDashboard, localEntries, serverEntries, type ServerList } from './sources';

function searchFor(id: string): string {
  return writeAddress({ id, from: '', to: '', refresh: null, variables: new Map() });
}

function EntryList({ title, entries, onForget }: { title: string; entries: Entry[]; onForget?: (id: string) => void }) {
  if (entries.length === 0) return null;
  return (
    <section class="card">
      <h2>{title}</h2>
      <ul class="dash-list">
        {entries.map(({ id, title: name, error }) => (
          <li key={id}>
            {error === undefined ? (
              <a href={viewHref('dashboards', searchFor(id))} onClick={(event) => followInside(event, 'dashboards', searchFor(id))}>{name}</a>
            ) : <span>{name} <span class="target-error">{error}</span></span>}
            {onForget !== undefined && (
              <button type="button" class="button ghost" aria-label={`Forget ${name}`} title="Forget" onClick={() => onForget(id)}>
                <CloseIcon />
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

async function openFile(file: File): Promise<string> {
  const text = await file.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`${file.name} is not JSON.`);
  }
  return keepLocal(readDashboard(json).title, text);
}

function ListPage() {
  const { data, error } = useApi<ServerList>('dashboards');
  const [local, setLocal] = useState(localEntries);
  const [failure, setFailure] = useState('');
  const open = (file: File | undefined) => {
    if (file === undefined) return;
    openFile(file).then((id) => navigate('dashboards', searchFor(id)), (reason: Error) => setFailure(reason.message));
  };
  const served = data === null ? [] : serverEntries(data);
  return (
    <div class="dash-drop" onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        open(event.dataTransfer?.files[0]);
      }}>
      <div class="page-bar">
        <h1>Dashboards</h1>
        <label class="button dash-open">
          Open a file…
          <input type="file" accept=".json,application/json" onChange={(event) => open(event.currentTarget.files?.[0])} />
        </label>
        <span class="muted">Grafana's exported JSON; it stays in this browser.</span>
      </div>
      {failure !== '' && <div class="notice notice-bad" role="alert"><p class="notice-text">{failure}</p></div>}
      <EntryList title="Come with Hearth" entries={embeddedEntries} />
      <EntryList title="Of this server" entries={served} />
      {data !== null && served.length === 0 && (
        <section class="card">
          <h2>Of this server</h2>
          <p class="muted dash-hint">
            {data.folder === ''
              ? 'Start with --web.dashboards=FOLDER to show the dashboards of a folder: JSON files in Grafana\'s form.'
              : `There is no *.json in ${data.folder}.`}
          </p>
        </section>
      )}
      {error !== null && <div class="notice notice-warn"><p class="notice-text">{error.message}</p></div>}
      <EntryList title="Opened in this browser" entries={local}
        onForget={(id) => {
          forgetLocal(id);
          setLocal(localEntries());
        }} />
    </div>
  );
}

interface Loaded {
  id: string;
  json: unknown;
  board: Dashboard | null;
  failure: string;
}

function useDashboard(id: string): Loaded | null {
  const [state, setState] = useState<Loaded | null>(null);
  useEffect(() => {
    const request = new AbortController();
    loadDashboard(id, request.signal).then((json) => ({ id, json, board: readDashboard(json), failure: '' }))
      .catch((error: Error) => ({ id, json: null, board: null, failure: error.message }))
      .then((loaded) => {
        if (!request.signal.aborted) setState(loaded);
      });
    return () => request.abort();
  }, [id]);
  return state?.id === id ? state : null;
}

function OnePage({ choice }: { choice: Choice }) {
  const loaded = useDashboard(choice.id);
  const board = loaded?.board ?? null;
  useEffect(() => {
    if (board !== null) setTitle(board.title);
  }, [board]);
  return (
    <>
      <div class="page-bar">
        <a class="button ghost" href={viewHref('dashboards')} title="All dashboards" aria-label="All dashboards"
          onClick={(event) => followInside(event, 'dashboards')}><LeftIcon /></a>
        <h1>{board?.title ?? 'Dashboard'}</h1>
        {board !== null && (
          <button type="button" class="button ghost" aria-label="Download JSON" title="Download JSON"
            onClick={() => save(`${board.title}.json`, 'application/json', JSON.stringify(loaded!.json, null, 2))}>
            <DownloadIcon />
          </button>
        )}
      </div>
      {loaded === null && <div class="card"><Loading /></div>}
      {loaded !== null && board === null && (
        <div class="card">
          <Empty title="This dashboard cannot be shown"><p>{loaded.failure}</p></Empty>
        </div>
      )}
      {board !== null && (
        <DashboardView key={choice.id} board={board} choice={choice}
          onChoice={(change) => navigate('dashboards', writeAddress({ ...choice, ...change }))} />
      )}
    </>
  );
}

// moves counts navigation: then the address is read again.
export function DashboardsPage({ moves: _moves }: { moves: number }) {
  const choice = readAddress(window.location.search);
  return choice.id === '' ? <ListPage /> : <OnePage choice={choice} />;
}
